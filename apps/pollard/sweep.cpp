// `pollard sweep`: a grid of configurations as a tree of stages, by local workers or on Slurm.
#include <fmt/format.h>

#include "core/interrupt.h"
#include "report/sweep_table.h"
#include "sweep_run.h"
#include "verbs.h"

namespace pollard::app {

int sweep(const Arguments& arguments, Progress& progress) {
  catch_interrupts();
  const SweepSetting setting = read_sweep_setting(arguments);
  const SweepOutcome outcome = run_sweep(setting, arguments, progress);
  fmt::print("{}", to_text(sweep_table(outcome.rows, setting.grid.axes)));
  return outcome.whole() ? 0 : 1;
}

}  // namespace pollard::app
