// Elements of SVG text and their attributes, for tests that measure what is drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pollard::test {

struct Element {
  std::string tag;      // all between < and >
  std::string content;  // up to the next tag

  /// "" where there is none.
  [[nodiscard]] std::string text(std::string_view key) const {
    const std::string begin = " " + std::string(key) + "=\"";
    const std::size_t at = tag.find(begin);
    if (at == std::string::npos) return "";
    const std::size_t value = at + begin.size();
    return tag.substr(value, tag.find('"', value) - value);
  }
  [[nodiscard]] double number(std::string_view key) const { return std::stod(text(key)); }
};

/// All elements of a name, such as "text", in the order of the text.
[[nodiscard]] inline std::vector<Element> elements(std::string_view svg, std::string_view name) {
  const std::string open = "<" + std::string(name) + " ";
  std::vector<Element> found;
  for (std::size_t at = svg.find(open); at != svg.npos; at = svg.find(open, at + 1)) {
    const std::size_t end = svg.find('>', at);
    found.push_back({std::string(svg.substr(at + 1, end - at - 1)),
                     std::string(svg.substr(end + 1, svg.find('<', end) - end - 1))});
  }
  return found;
}

}  // namespace pollard::test
