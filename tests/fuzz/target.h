// A reader under fuzzing: one source file each, which defines the two functions below. fuzzer.cpp
// gives it what libFuzzer makes up, replay.cpp what is known.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard::fuzz {

using Input = std::span<const std::byte>;

/// Reads the input, or throws Error; anything else is a finding.
void read(Input input);

/// Good inputs and a few bad ones, to start from.
[[nodiscard]] std::vector<std::string> seeds();

inline std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

template <typename Bytes>  // of chars, unsigned ones or std::byte
std::string text_from(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace pollard::fuzz
