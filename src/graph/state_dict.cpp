#include "graph/state_dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "graph/byte_cursor.h"
#include "graph/gather.h"
#include "graph/to_f32.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using namespace pickle;
using TensorPointer = std::shared_ptr<const Tensor>;

constexpr std::array<std::string_view, 5> kWrappers{"state_dict", "model", "model_state_dict",
                                                    "net", "network"};
constexpr std::size_t kLongestName = 1000;
constexpr std::string_view kSaveState =
    "in Python, save the tensors alone: torch.save(model.state_dict(), FILE)";

// ---- where the tensors are --------------------------------------------------------------------

bool is_module(const Heap& heap, Ref ref) {
  const auto* object = heap.get<Object>(ref);
  if (object == nullptr || !object->state) return false;
  const auto* state = heap.get<Dict>(*object->state);
  return state != nullptr && (heap.find(*state, "_modules") || heap.find(*state, "_parameters"));
}

[[noreturn]] void refuse_module(const Heap& heap, Ref ref, std::string_view origin) {
  refuse(origin,
         fmt::format("holds a whole pickled model, a {}, expected its state_dict",
                     heap.type_name(ref)),
         kSaveState);
}

/// Tensors, or what calling something unknown would have made of tensors.
bool holds_tensors(const Heap& heap, const Dict& dict) {
  return std::ranges::any_of(dict.items, [&heap](const auto& entry) {
    const Value& value = heap[entry.second];
    return std::holds_alternative<TensorPointer>(value.is) ||
           (value.tensors && std::holds_alternative<Object>(value.is));
  });
}

std::string some_keys(const Heap& heap, const Dict& dict) {
  constexpr std::size_t most = 5;
  std::vector<std::string> keys;
  for (const auto& entry : dict.items) {
    if (keys.size() == most) return fmt::format("{} ...", fmt::join(keys, ", "));
    const Text* key = heap.get<Text>(entry.first);
    keys.push_back(key == nullptr ? "?" : fmt::format("'{}'", shortened(key->text)));
  }
  return keys.empty() ? "nothing" : fmt::format("{}", fmt::join(keys, ", "));
}

const Dict& find_state(const Unpickled& pickled, std::string_view origin) {
  const Heap& heap = pickled.heap;
  if (is_module(heap, pickled.root)) refuse_module(heap, pickled.root, origin);
  const Dict* top = heap.get<Dict>(pickled.root);
  if (top == nullptr) {
    refuse(origin,
           heap.get<Object>(pickled.root) == nullptr
               ? "holds no dictionary, expected a state_dict"
               : fmt::format("holds a {}, expected a state_dict", heap.type_name(pickled.root)),
           kSaveState);
  }
  for (const std::string_view key : kWrappers) {
    const std::optional<Ref> value = heap.find(*top, key);
    const Dict* inner = value ? heap.get<Dict>(*value) : nullptr;
    if (inner != nullptr && holds_tensors(heap, *inner)) return *inner;
  }
  if (holds_tensors(heap, *top)) return *top;
  for (const std::string_view key : kWrappers) {
    const std::optional<Ref> value = heap.find(*top, key);
    if (value && is_module(heap, *value)) refuse_module(heap, *value, origin);
  }
  refuse(origin,
         fmt::format("holds no tensors by name, neither itself nor under '{}': it has {}",
                     fmt::join(kWrappers, "', '"), some_keys(heap, *top)),
         kSaveState);
}

// ---- names ------------------------------------------------------------------------------------

/// What counts of the dictionary: for each text the last value.
std::map<std::string_view, Ref> named_values(const Heap& heap, const Dict& state,
                                             std::string_view origin) {
  std::map<std::string_view, Ref> values;
  for (const auto& [key, value] : state.items) {
    const Text* name = heap.get<Text>(key);
    if (name == nullptr) continue;
    if (name->text.size() > kLongestName) {
      refuse(TensorName{origin, name->text}, "has too long a name");
    }
    values.insert_or_assign(name->text, value);
  }
  return values;
}

TensorMap without_prefix(TensorMap state) {
  static constexpr std::string_view prefix = "module.";
  const auto has_prefix = [](const auto& entry) { return entry.first.starts_with(prefix); };
  if (!std::ranges::all_of(state, has_prefix)) return state;
  TensorMap renamed;
  while (!state.empty()) {
    auto entry = state.extract(state.begin());
    entry.key().erase(0, prefix.size());
    renamed.insert(std::move(entry));
  }
  return renamed;
}

// ---- torch.nn.utils.prune ---------------------------------------------------------------------

/// Masks have their tensor's type, or are truth values.
HostTensor mask_values(HostTensor mask) {
  if (mask.dtype != DType::Bool && mask.dtype != DType::U8) return to_f32(std::move(mask));
  HostTensor values = HostTensor::zeros(DType::F32, mask.shape);
  std::ranges::transform(mask.bytes, values.f32().begin(),
                         [](std::byte keep) { return keep == std::byte{0} ? 0.0F : 1.0F; });
  return values;
}

HostTensor masked(HostTensor original, HostTensor mask, const TensorName& name) {
  if (original.shape != mask.shape) {
    refuse(name, fmt::format("has shape {}, its mask {}", to_string(original.shape),
                             to_string(mask.shape)));
  }
  try {
    HostTensor product = to_f32(std::move(original));
    const HostTensor factors = mask_values(std::move(mask));
    std::ranges::transform(product.f32(), factors.f32(), product.f32().begin(), std::multiplies());
    return product;
  } catch (const Error& error) {
    refuse(name, fmt::format("or its mask {}", error.what()));
  }
}

TensorMap apply_masks(TensorMap state, std::string_view origin) {
  constexpr std::string_view original_end = "_orig", mask_end = "_mask";
  std::vector<std::string> pruned;
  for (const auto& entry : state) {
    if (!entry.first.ends_with(original_end)) continue;
    std::string base = entry.first.substr(0, entry.first.size() - original_end.size());
    if (state.contains(base + std::string(mask_end))) pruned.push_back(std::move(base));
  }
  for (const std::string& base : pruned) {
    auto original = state.extract(base + std::string(original_end));
    auto mask = state.extract(base + std::string(mask_end));
    const TensorName name{origin, original.key()};
    if (state.contains(base)) {
      refuse(name, "is pruned, but the tensor without '_orig' is there too");
    }
    state.emplace(base, masked(std::move(original.mapped()), std::move(mask.mapped()), name));
  }
  return state;
}

}  // namespace

TensorMap read_state(const Unpickled& pickled, const StorageBytes& data, std::uint64_t room,
                     std::string_view origin) {
  const Heap& heap = pickled.heap;
  TensorMap state;
  for (const auto& [name, ref] : named_values(heap, find_state(pickled, origin), origin)) {
    const Value& value = heap[ref];
    if (const auto* tensor = std::get_if<TensorPointer>(&value.is)) {
      state.emplace(name, gather(**tensor, data(*(*tensor)->storage), room, {origin, name}));
    } else if (value.tensors && std::holds_alternative<Object>(value.is)) {
      refuse(TensorName{origin, name},
             fmt::format("is made by {}, which is not known, and nothing is executed",
                         heap.type_name(ref)),
             kSaveState);
    }
  }
  return apply_masks(without_prefix(std::move(state)), origin);
}

}  // namespace pollard
