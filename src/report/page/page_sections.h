// The parts of the page that are tables and numbers: they stand there without any script.
#pragma once

#include <string>

#include "report/page/page_view.h"

namespace pollard {

/// What it is of: "resnet20 on cifar10"; the settings that vary.
[[nodiscard]] std::string page_subtitle(const PageView& view);
/// How far a running sweep is; "" where none runs.
[[nodiscard]] std::string progress_section(const PageView& view);
/// Cards, the best at each sparsity, and what failed.
[[nodiscard]] std::string overview_section(const PageView& view);
/// Epochs and seconds by kind of stage.
[[nodiscard]] std::string cost_section(const PageView& view);
/// Every group: settings that vary, mean ± standard deviation over seeds, n.
[[nodiscard]] std::string results_section(const PageView& view);
/// Settings that all share, and the machines.
[[nodiscard]] std::string conditions_section(const PageView& view);

}  // namespace pollard
