// A small check that SVG or HTML text is well formed: tags nest and close, attributes are quoted
// and not repeated, ampersands begin entities.
#pragma once

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pollard::test {

class MarkupChecker {
 public:
  explicit MarkupChecker(std::string_view text) : text_(text) {}

  /// "" where the text is well formed, else what is wrong.
  [[nodiscard]] std::string problem() {
    while (problem_.empty() && at_ < text_.size()) {
      if (text_[at_] == '<') {
        tag();
      } else {
        character();
      }
    }
    if (problem_.empty() && !open_.empty()) return "not closed: " + open_.back();
    return problem_;
  }

 private:
  void fail(const std::string& what) {
    problem_ = what + " near: " + std::string(text_.substr(at_, 60));
  }
  bool starts(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }

  void character() {
    if (text_[at_] == '&') {
      bool entity = false;
      for (const auto* name : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
        entity = entity || starts(name);
      }
      if (!entity) return fail("bare ampersand");
    }
    ++at_;
  }
  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '-')) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }
  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  void attribute(std::set<std::string>& seen) {
    const std::string key = name();
    if (key.empty() || !starts("=\"")) return fail("bad attribute");
    if (!seen.insert(key).second) return fail("repeated attribute " + key);
    for (at_ += 2; problem_.empty() && at_ < text_.size() && text_[at_] != '"';) {
      if (text_[at_] == '<') return fail("'<' in an attribute");
      character();
    }
    ++at_;
  }
  void tag() {
    if (starts("<!DOCTYPE html>")) {
      at_ += 15;
      return;
    }
    ++at_;
    const bool closing = starts("/");
    if (closing) ++at_;
    const std::string element = name();
    if (element.empty()) return fail("bare '<'");
    std::set<std::string> seen;
    for (spaces(); problem_.empty() && at_ < text_.size() && !starts(">") && !starts("/>");
         spaces()) {
      attribute(seen);
    }
    if (!problem_.empty()) return;
    const bool empty = starts("/>") || element == "meta";
    at_ += starts("/>") ? 2 : 1;
    if (closing) {
      if (open_.empty() || open_.back() != element) return fail("closes unopened " + element);
      open_.pop_back();
    } else if (!empty) {
      open_.push_back(element);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::string problem_;
};

[[nodiscard]] inline std::string markup_problem(std::string_view text) {
  return MarkupChecker(text).problem();
}

[[nodiscard]] inline std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace pollard::test
