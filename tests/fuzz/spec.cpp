// Specifications of figures and tables, and what is made of them without any results.
#include "report/paper/spec.h"

#include "fuzz/scratch.h"
#include "fuzz/target.h"
#include "report/paper/make_figure.h"
#include "report/paper/make_table.h"

namespace pollard::fuzz {

void read(Input input) {
  static const Scratch scratch;
  const Spec spec = read_spec(scratch.write("fig1.toml", text_of(input)));
  const ProfileResults nothing{.profile = "paper"};
  if (spec.kind == SpecKind::Figure) (void)make_figure(spec, nothing);
  if (spec.kind == SpecKind::Table) (void)to_latex(make_table(spec, nothing));
}

std::vector<std::string> seeds() {
  return {
      "kind = \"figure\"\ntitle = \"T\"\ngrids = [\"a\"]\nx = \"sparsity\"\ny = \"top1\"\n"
      "lines_by = [\"model\"]\n",
      "kind = \"figure\"\ntitle = \"T\"\ngrids = [\"a\", \"b\"]\ncolumns = 1\n"
      "x = \"epochs\"\ny = \"top1\"\nform = \"maximum\"\npanels_by = [\"prune.sparsity\"]\n"
      "[[panel]]\ntitle = \"{network} {\"\nwhere.prune.cycles = [1, 3]\n[[panel.line]]\n"
      "name = \"L\"\nwhere.a.b = true\n[[panel.baseline]]\nname = \"B\"\ngrid = \"b\"\n",
      "kind = \"table\"\ntitle = \"T\"\ngrids = [\"a\"]\ngoals = [0.9]\n"
      "lines_by = [\"sweep.variant\"]\n[[published]]\nwhat = \"W\"\nnetwork = \"N\"\n"
      "density = 0.1\ntop1 = 90\nsource = \"S\"\n",
      "kind = \"table\"\nlayout = \"facts\"\ntitle = \"T\"\nheaders = [\"a\"]\nfacts = [[\"x\"]]\n",
      "kind = \"table\"\nlayout = \"settings\"\ntitle = \"T\"\ngrids = [\"a\"]\n"
      "headers = [\"a\"]\nkeys = [\"model\"]\n[[line]]\nname = \"n\"\n",
      "kind = \"heatmap\"\ntitle = \"T\"\ngrids = []\nlines_by = []\n"};
}

}  // namespace pollard::fuzz
