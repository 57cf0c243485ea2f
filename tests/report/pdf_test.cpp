// PDFs of figures: pages of their size, text as text, the same bytes each time, and LaTeX takes
// them.
#include "report/pdf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "pollard/error.h"
#include "report/figure.h"
#include "support/temporary_folder.h"

namespace pollard {
namespace {

// (A matcher would print the whole file where it fails.)
bool has(const std::string& pdf, std::string_view part) { return pdf.find(part) != pdf.npos; }

std::string small_svg() {
  const FigureLine line{"global", {{80, 92, 91, 93, 3, {}}, {90, 91, 90, 92, 3, {}}}};
  return draw_figure({.id = "fig1",
                      .title = "A figure",
                      .description = "",
                      .columns = 1,
                      .panels = {{"a", "sparsity (%)", "top-1 (%)", {line}, false, {}, 95}},
                      .notes = {}});
}

void expect_error(ErrorCode code, std::string_view svg) {
  try {
    (void)svg_to_pdf(svg);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
  }
}

class SvgToPdf : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!pdf_available()) GTEST_SKIP() << "built without librsvg (librsvg2-dev)";
  }
};

TEST_F(SvgToPdf, GivesAPageOfTheDrawingsSize) {
  const std::string pdf = svg_to_pdf(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><rect width="9" height="9"/></svg>)");
  EXPECT_EQ(pdf.substr(0, 8), "%PDF-1.4");
  EXPECT_TRUE(has(pdf, "%%EOF"));
  EXPECT_TRUE(has(pdf, "/MediaBox [ 0 0 300 150 ]"));  // points
}

TEST_F(SvgToPdf, KeepsTextAsTextAndLinesAsLines) {
  const std::string pdf = svg_to_pdf(small_svg());
  EXPECT_TRUE(has(pdf, "/Type /Font"));
  EXPECT_TRUE(has(pdf, "/ToUnicode"));  // which words are found and copied by
  EXPECT_FALSE(has(pdf, "/Subtype /Image"));
}

TEST_F(SvgToPdf, GivesTheSameBytes) {
  const std::string pdf = svg_to_pdf(small_svg());
  EXPECT_TRUE(svg_to_pdf(small_svg()) == pdf);
  EXPECT_TRUE(has(pdf, "19700101"));  // its date of creation
}

TEST_F(SvgToPdf, RejectsWhatIsNoDrawing) {
  expect_error(ErrorCode::Input, "");
  expect_error(ErrorCode::Input, "text");
  expect_error(ErrorCode::Input, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\">");
  expect_error(ErrorCode::Input,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\" height=\"0\"/>");
}

TEST_F(SvgToPdf, IsTakenByLatex) {
  if (std::system("command -v pdflatex >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "pdflatex is not installed (texlive-latex-base)";
  }
  const test::TemporaryFolder folder;
  std::ofstream(folder / "figure.pdf", std::ios::binary) << svg_to_pdf(small_svg());
  std::ofstream(folder / "paper.tex") << R"(\documentclass{article}\usepackage{graphicx}
\begin{document}\begin{figure}\includegraphics[width=\linewidth]{figure.pdf}\caption{A}
\end{figure}\end{document})";
  const std::string command = "cd '" + folder.path().string() +
                              "' && pdflatex -interaction=batchmode -halt-on-error paper "
                              ">/dev/null && test -s paper.pdf && ! grep -i warning paper.log";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(PdfAvailable, IsSaidByTheError) {
  if (!pdf_available()) expect_error(ErrorCode::Usage, small_svg());
}

}  // namespace
}  // namespace pollard
