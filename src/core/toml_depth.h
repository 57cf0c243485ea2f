// How deep dotted keys nest: a.b.c = 1 makes tables within tables, and so may [a.b.c]. The parser
// limits brackets and braces but not these, and takes its tables down by recursion: a key of 30,000
// names would overflow the stack.
#pragma once

#include <cstddef>
#include <string_view>

namespace pollard {

constexpr std::size_t kMostNamesInKey = 32;

struct DottedKey {
  std::size_t names = 0;
  std::size_t line = 0;
};
/// The first key of more names than that in a TOML text, up to its first error; else 0 names.
[[nodiscard]] DottedKey find_deep_key(std::string_view text);

}  // namespace pollard
