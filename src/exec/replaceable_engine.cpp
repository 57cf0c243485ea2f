#include "exec/replaceable_engine.h"

#include <utility>

namespace pollard {

ReplaceableEngine::ReplaceableEngine(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

void ReplaceableEngine::replace(std::unique_ptr<Engine> engine) { engine_ = std::move(engine); }

void ReplaceableEngine::set_masks(const TensorMap& masks) {
  engine_->set_masks(masks);
  masks_ = masks;
}

}  // namespace pollard
