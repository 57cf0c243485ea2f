#include "report/paper/spec.h"

#include <fmt/format.h>

#include "core/files.h"
#include "core/toml_settings.h"
#include "report/paper/spec_parts.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

SpecKind kind_of(const SpecSection& root) {
  const auto kind = root.word("kind", {"figure", "table", "heatmap", "speed"});
  if (!kind)
    root.refuse("kind", "'kind' is missing",
                "expected \"figure\", \"table\", \"heatmap\" or \"speed\"");
  if (kind == "figure") return SpecKind::Figure;
  if (kind == "table") return SpecKind::Table;
  return kind == "heatmap" ? SpecKind::HeatMap : SpecKind::Speed;
}

void read(const SpecSection& root, Spec& spec) {
  spec.kind = kind_of(root);
  const SpecKeys common =
      together({"kind", "title", "caption", "grids", "notes", "print"}, {row_keys()});
  if (spec.kind == SpecKind::Figure) {
    root.allow(together(common, {axis_keys(), {"columns", "panel"}}));
  } else {
    root.allow(spec.kind == SpecKind::Table ? together(common, {table_keys()}) : common);
  }
  spec.title = root.required_text("title");
  spec.caption = root.text("caption").value_or("");
  spec.grids = root.texts("grids");
  spec.notes = root.texts("notes");
  spec.print = root.setting_keys("print");
  spec.columns = root.count("columns").value_or(0);
  if (spec.kind == SpecKind::Figure) {
    spec.panels = read_panels(root, spec.grids);
  } else if (spec.kind == SpecKind::Table) {
    spec.table = read_table(root, spec.grids);
  } else {
    spec.panels = {read_rows(root, spec.grids, {})};
    require_lines(root, spec.panels.back());
  }
}

}  // namespace

Spec read_spec(const fs::path& path, std::span<const std::string> settings) {
  const std::string origin = path.string();
  const toml::table document = parse_toml(read_text(path), origin);
  Spec spec{.id = path.stem().string()};
  read(SpecSection(document, "", origin, settings), spec);
  return spec;
}

fs::path spec_file(const fs::path& paper, std::string_view profile, std::string_view id) {
  const std::string name = std::string(id) + ".toml";
  const fs::path own = paper / profile / name;
  return fs::exists(own) ? own : paper / name;
}

std::vector<std::string> spec_ids(const fs::path& paper) {
  std::vector<std::string> wanted, there;
  for (int i = 1; i <= 15; ++i) wanted.push_back(fmt::format("fig{}", i));
  for (int i = 1; i <= 5; ++i) wanted.push_back(fmt::format("table{}", i));
  wanted.insert(wanted.end(), {"budget", "density", "speed"});
  for (const std::string& id : wanted) {
    if (fs::exists(paper / (id + ".toml"))) there.push_back(id);
  }
  return there;
}

}  // namespace pollard
