// `pollard store ls|gc|verify STORE`.
#include <fmt/format.h>

#include <algorithm>

#include "core/nearest.h"
#include "experiment/store/care.h"
#include "experiment/store/garbage.h"
#include "experiment/store/index.h"
#include "pollard/error.h"
#include "report/store_tables.h"
#include "verbs.h"

namespace pollard::app {
namespace {

int list(const Store& store, Progress& progress) {
  fmt::print("{}", stage_list(Index(store, progress).stages()));
  return 0;
}

int collect_garbage(const Store& store, const StoreOptions& options) {
  const std::vector<Garbage> garbage = find_garbage(store, {.states = options.states});
  fmt::print("{}", garbage_list(garbage));
  if (garbage.empty()) return 0;
  if (options.yes) {
    fmt::print("removed {}\n", bytes_text(remove_garbage(store, garbage)));
  } else {
    fmt::print("nothing was removed; --yes does it\n");
  }
  return 0;
}

int look_through(const Store& store, bool read_states, Progress& progress) {
  const Verification verification = verify(store, read_states, progress);
  fmt::print("{}", verification_text(verification));
  return verification.findings.empty() ? 0 : 1;
}

}  // namespace

int store(const Arguments& arguments, Progress& progress) {
  const StoreOptions& options = arguments.store;
  const std::vector<std::string> actions = {"ls", "gc", "verify"};
  if (std::find(actions.begin(), actions.end(), options.action) == actions.end()) {
    const std::string meant = nearest(options.action, actions);
    throw Error(ErrorCode::Usage, "'" + options.action + "' is not ls, gc or verify",
                meant.empty() ? "" : "did you mean '" + meant + "'?");
  }
  if (options.yes && options.action != "gc")
    throw Error(ErrorCode::Usage, "--yes has no effect on `pollard store " + options.action + "`");
  if (options.states && options.action == "ls")
    throw Error(ErrorCode::Usage, "--states has no effect on `pollard store ls`");
  const Store store(arguments.file);
  require_store(store);
  if (options.action == "ls") return list(store, progress);
  if (options.action == "gc") return collect_garbage(store, options);
  return look_through(store, options.states, progress);
}

}  // namespace pollard::app
