// Counts the dots between characters that end a key or a value, outside of strings and comments.
// No value has more than one.
#include "core/toml_depth.h"

#include <algorithm>

namespace pollard {
namespace {

// Both find what is behind what begins at `at`; a string that does not end ends with the text.
std::size_t behind_comment(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t behind_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string_view delimiter = quote == '"' ? R"(""")" : "'''";
  const bool long_one = text.substr(at).starts_with(delimiter);
  for (at += long_one ? 3 : 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (long_one && text.substr(at).starts_with(delimiter)) {
      at += 3;
      for (int inner = 0; inner < 2 && at < text.size() && text[at] == quote; ++inner) ++at;
      return at;
    } else if (!long_one && (text[at] == quote || text[at] == '\n')) {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

DottedKey find_deep_key(std::string_view text) {
  constexpr std::string_view kEnds = "\n=,[]{}";
  std::size_t names = 1;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = behind_comment(text, at);
    } else if (c == '"' || c == '\'') {
      at = behind_string(text, at);
    } else {
      if (kEnds.find(c) != std::string_view::npos) names = 1;
      if (c == '.' && ++names > kMostNamesInKey) {
        const std::string_view before = text.substr(0, at);
        return {names, 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'))};
      }
      ++at;
    }
  }
  return {};
}

}  // namespace pollard
