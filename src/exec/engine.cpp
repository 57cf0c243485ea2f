#include "pollard/engine.h"

#include "pollard/error.h"

namespace pollard {

void Engine::set_batch_sums(BatchSums sums) {
  if (!sums) return;
  throw Error(ErrorCode::Config,
              "the " + std::string(name()) +
                  " engine takes batch norm's statistics over the images it has, not over those of "
                  "several processes",
              "use train.sync_batch_norm=false, or retrain.engine=torch");
}

}  // namespace pollard
