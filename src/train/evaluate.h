// One pass over a data set in evaluation mode.
#pragma once

#include "pollard/batches.h"
#include "pollard/engine.h"
#include "pollard/progress.h"

namespace pollard {

/// Loss and accuracy of the engine's present weights over all batches of epoch 0.
[[nodiscard]] Meters evaluate(Engine& engine, BatchLoader& loader);

/// The same with a progress bar.
[[nodiscard]] Meters evaluate(Engine& engine, BatchLoader& loader, Progress& progress);

}  // namespace pollard
