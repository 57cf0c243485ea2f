#include "report/paper/latex.h"

#include <algorithm>

namespace pollard {
namespace {

struct Escape {
  std::string_view sign, latex;
};
constexpr Escape kEscapes[] = {{"&", "\\&"},
                               {"%", "\\%"},
                               {"$", "\\$"},
                               {"#", "\\#"},
                               {"_", "\\_"},
                               {"{", "\\{"},
                               {"}", "\\}"},
                               {"~", "\\textasciitilde{}"},
                               {"^", "\\textasciicircum{}"},
                               {"\\", "\\textbackslash{}"},
                               {"<", "$<$"},
                               {">", "$>$"},
                               {"±", "$\\pm$"},
                               {"×", "$\\times$"},
                               {"≤", "$\\le$"},
                               {"≥", "$\\ge$"},
                               {"–", "--"},
                               {"−", "$-$"},
                               {"†", "$\\dagger$"},
                               {"‡", "$\\ddagger$"}};

}  // namespace

std::string latex_text(std::string_view text) {
  std::string latex;
  while (!text.empty()) {
    const auto* const escape = std::ranges::find_if(
        kEscapes, [&](const Escape& one) { return text.starts_with(one.sign); });
    const bool plain = escape == std::end(kEscapes);
    latex += plain ? text.substr(0, 1) : escape->latex;
    text.remove_prefix(plain ? 1 : escape->sign.size());
  }
  return latex;
}

}  // namespace pollard
