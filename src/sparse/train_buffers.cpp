#include "sparse/train_buffers.h"

#include <algorithm>
#include <map>

namespace pollard::sparse {
namespace {

using Tensors = std::vector<int>;

void add(Tensors& to, const View& view) { to.insert(to.end(), {view.z, view.residual}); }
void add(Tensors& to, const Passage& passage) { to.insert(to.end(), {passage.gate, passage.z}); }

// All that an action touches, written or read, in any order.
Tensors touched(const MakeView& action) {
  Tensors all{action.out};
  add(all, action.view);
  return all;
}
Tensors touched(const RunConv& action) {
  Tensors all{action.out, action.copy, action.add};
  add(all, action.x);
  return all;
}
Tensors touched(const RunNorm& action) { return {action.z}; }
Tensors touched(const RunPlain& action) {
  Tensors all = action.inputs;
  all.insert(all.end(), {action.out, action.saved});
  return all;
}
Tensors touched(const BackConv& action) {
  Tensors all{action.out, action.g, action.z, action.add};
  add(all, action.x);
  add(all, action.passage);
  return all;
}
Tensors touched(const Pass& action) {
  Tensors all{action.out, action.sum, action.add};
  add(all, action.passage);
  return all;
}
Tensors touched(const SumForNorm& action) { return {action.z, action.g}; }
Tensors touched(const FinishNorm&) { return {}; }
Tensors touched(const SpreadNorm& action) { return {action.out, action.z, action.g, action.add}; }
Tensors touched(const BackPlain& action) {
  Tensors all = action.inputs;
  all.insert(all.end(), action.gradients.begin(), action.gradients.end());
  all.insert(all.end(), {action.out, action.saved, action.g});
  return all;
}

struct Life {
  std::ptrdiff_t begin = -1, end = -1;
};

}  // namespace

void assign_buffers(Schedule& schedule) {
  std::vector<Tensors> actions;
  actions.push_back({schedule.input});
  const auto note = [&](const auto& action) { actions.push_back(touched(action)); };
  for (const ForwardAction& action : schedule.forward) std::visit(note, action);
  actions.push_back({schedule.output, schedule.output_gradient});  // the loss
  for (const BackwardAction& action : schedule.backward) std::visit(note, action);

  std::vector<Life> lives(schedule.tensors.size());
  for (std::size_t i = 0; i < actions.size(); ++i) {
    std::erase(actions[i], -1);
    for (const int tensor : actions[i]) {
      Life& life = lives[static_cast<std::size_t>(tensor)];
      if (life.begin < 0) life.begin = static_cast<std::ptrdiff_t>(i);
      life.end = static_cast<std::ptrdiff_t>(i);
    }
  }

  std::map<std::int64_t, std::vector<int>> unused;  // by size, the last one freed at the end
  for (std::ptrdiff_t i = 0; i < std::ssize(actions); ++i) {
    Tensors& all = actions[static_cast<std::size_t>(i)];
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
    for (const int t : all) {
      ScheduledTensor& tensor = schedule.tensors[static_cast<std::size_t>(t)];
      if (lives[static_cast<std::size_t>(t)].begin != i) continue;
      std::vector<int>& free = unused[tensor.extent.size()];
      if (free.empty()) {
        free.push_back(static_cast<int>(schedule.buffers.size()));
        schedule.buffers.push_back(tensor.extent.size());
      }
      tensor.buffer = free.back();
      free.pop_back();
    }
    for (const int t : all) {
      const ScheduledTensor& tensor = schedule.tensors[static_cast<std::size_t>(t)];
      if (lives[static_cast<std::size_t>(t)].end == i)
        unused[tensor.extent.size()].push_back(tensor.buffer);
    }
  }
}

}  // namespace pollard::sparse
