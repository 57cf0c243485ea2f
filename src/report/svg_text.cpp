#include "report/svg_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/terminal_text.h"

namespace pollard {
namespace {

constexpr double kBold = 1.13;   // a bold letter over a plain one
constexpr double kSpace = 0.42;  // of the font's size

// Of the font's size.
double character_width(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (lead >= 0xE3) return 1.05;  // from U+3000 on: Chinese, Japanese, Korean, pictures
  if (lead >= 0x80) return 0.85;  // letters with accents and signs such as × or ≥
  const auto among = [&](std::string_view set) { return set.find(character) != set.npos; };
  if (among("ijlI.,:;'|")) return 0.35;
  if (among("frt-()[]/\\! ")) return 0.42;
  if (among("mwMWGOQ@%&+<>=~#")) return 1;
  return character[0] >= 'A' && character[0] <= 'Z' ? 0.78 : 0.64;
}

// The bytes of the character that the text begins with. (A stray byte of what is no UTF-8 is one.)
std::string_view first_character(std::string_view text) {
  return text.substr(0, std::max<std::size_t>(1, cut(text, 1).size()));
}

struct Start {
  std::size_t bytes;
  double width;  // of the font's size
};

// What of a word fits, a character at least.
Start start_of(std::string_view word, double room) {
  Start start{0, 0};
  while (start.bytes < word.size()) {
    const std::string_view next = first_character(word.substr(start.bytes));
    const double width = start.width + character_width(next);
    if (start.bytes > 0 && width > room) break;
    start = {start.bytes + next.size(), width};
  }
  return start;
}

}  // namespace

std::string px(double value) { return fmt::format("{:g}", std::round(value * 10) / 10 + 0.0); }

double text_width(std::string_view text, double size, bool bold) {
  double width = 0;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    width += character_width(character);
    text.remove_prefix(character.size());
  }
  return width * size * (bold ? kBold : 1);
}

std::vector<std::string> fit_lines(std::string_view text, double width, double size, bool bold) {
  const std::string plain = without_codes(std::string(text));
  const double room = width / (size * (bold ? kBold : 1));
  std::vector<std::string> lines;
  double used = 0;
  for (std::string_view rest = plain; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    bool follows = !lines.empty();  // on the line of the word before it
    while (!word.empty()) {
      const Start start = start_of(word, room);
      follows = follows && start.bytes == word.size() && used + kSpace + start.width <= room;
      if (!follows) lines.emplace_back();
      if (follows) lines.back() += ' ';
      lines.back() += word.substr(0, start.bytes);
      used = start.width + (follows ? used + kSpace : 0);
      word.remove_prefix(start.bytes);
    }
  }
  return lines;
}

}  // namespace pollard
