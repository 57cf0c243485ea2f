// What a pickle may call, and what comes of it. Every function here builds a value from values:
// none of Python's is run.
//
//   collections.OrderedDict(), OrderedDict([(key, value) ...])                a Dict
//   torch._utils._rebuild_tensor(storage, offset, sizes, strides)             a Tensor
//   torch._utils._rebuild_tensor_v2(the same, requires_grad, hooks ...)       a Tensor
//   torch._utils._rebuild_parameter(tensor ...), ..._with_state               its tensor
//   torch.Size(sizes)                                                         its sizes
//   torch.jit._pickle.restore_type_tag(value, type)                           its value
//   anything else                                                             an Object
//
// (torch/_utils.py, torch/serialization.py and torch/csrc/jit/serialization/pickler.cpp of PyTorch
// 1.13 write these.)

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/pickle.h"

namespace pollard::pickle {
namespace {

constexpr std::size_t kMostDimensions = 64;
constexpr std::size_t kLongestKey = 200;

// The names under "torch", or "torch.cuda".
constexpr std::array<StorageType, 17> kStorageTypes{{
    {"DoubleStorage", 8, DType::F64},
    {"FloatStorage", 4, DType::F32},
    {"HalfStorage", 2, DType::F16},
    {"BFloat16Storage", 2, DType::BF16},
    {"LongStorage", 8, DType::I64},
    {"IntStorage", 4, DType::I32},
    {"ShortStorage", 2, DType::I16},
    {"CharStorage", 1, DType::I8},
    {"ByteStorage", 1, DType::U8},
    {"BoolStorage", 1, DType::Bool},
    {"ComplexFloatStorage", 8, {}},
    {"ComplexDoubleStorage", 16, {}},
    {"QInt8Storage", 1, {}},
    {"QUInt8Storage", 1, {}},
    {"QInt32Storage", 4, {}},
    {"QUInt4x2Storage", 1, {}},
    {"UntypedStorage", 1, {}},
}};

using Arguments = std::vector<Ref>;

Ref make_object(const CallContext& context, Ref type, bool tensors) {
  return context.heap.add({Object{type, {}}, tensors});
}

const Sequence& sequence(const CallContext& context, Ref ref, std::string_view what) {
  const auto* items = context.heap.get<Sequence>(ref);
  if (items == nullptr) context.in.fail(fmt::format("{} are no tuple", what));
  return *items;
}

/// Empty where it is no tuple of whole numbers.
std::optional<Shape> whole_numbers(const Heap& heap, Ref ref) {
  const auto* items = heap.get<Sequence>(ref);
  if (items == nullptr || items->items.size() > kMostDimensions) return std::nullopt;
  Shape numbers;
  for (const Ref item : items->items) {
    const auto* number = heap.get<std::int64_t>(item);
    if (number == nullptr) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

// ---- the functions ----------------------------------------------------------------------------

Ref ordered_dict(const CallContext& context, Ref callable, const Arguments& arguments) {
  Value made{Dict{}};
  const auto* pairs = arguments.size() == 1 ? context.heap.get<Sequence>(arguments[0]) : nullptr;
  if (!arguments.empty() && pairs == nullptr) return make_object(context, callable, true);
  if (pairs != nullptr) {
    if (pairs->items.size() > context.steps_left) context.in.fail("the pickle copies too much");
    context.steps_left -= pairs->items.size();
    for (const Ref pair : pairs->items) {
      const Sequence& items = sequence(context, pair, "the items of an OrderedDict");
      if (items.items.size() != 2) context.in.fail("an item of an OrderedDict is no pair");
      std::get<Dict>(made.is).items.emplace_back(items.items[0], items.items[1]);
      made.tensors = made.tensors || context.heap[items.items[1]].tensors;
    }
  }
  return context.heap.add(std::move(made));
}

Ref rebuild_tensor(const CallContext& context, Ref, const Arguments& arguments) {
  if (arguments.size() < 4) context.in.fail("a tensor has too few arguments");
  const Heap& heap = context.heap;
  const auto* storage = heap.get<std::shared_ptr<const Storage>>(arguments[0]);
  if (storage == nullptr) return make_object(context, arguments[0], true);
  const auto* offset = heap.get<std::int64_t>(arguments[1]);
  const std::optional<Shape> sizes = whole_numbers(heap, arguments[2]);
  const std::optional<Shape> strides = whole_numbers(heap, arguments[3]);
  if (offset == nullptr || !sizes || !strides || sizes->size() != strides->size()) {
    context.in.fail("a tensor's offset, sizes or strides are no whole numbers, or do not match");
  }
  auto tensor = std::make_shared<const Tensor>(Tensor{*storage, *offset, *sizes, *strides});
  return context.heap.add({std::move(tensor), true});
}

Ref first_argument(const CallContext& context, Ref, const Arguments& arguments) {
  if (arguments.empty()) context.in.fail("a call has too few arguments");
  return arguments[0];
}

struct Function {
  std::string_view module, name;
  Ref (*call)(const CallContext&, Ref, const Arguments&);
};

constexpr std::array<Function, 7> kFunctions{{
    {"collections", "OrderedDict", ordered_dict},
    {"torch._utils", "_rebuild_tensor", rebuild_tensor},
    {"torch._utils", "_rebuild_tensor_v2", rebuild_tensor},
    {"torch._utils", "_rebuild_parameter", first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", first_argument},
    {"torch", "Size", first_argument},
    {"torch.jit._pickle", "restore_type_tag", first_argument},
}};

/// A tensor of a kind that is not known, whatever it is made of.
bool rebuilds(const Global& global) {
  return global.module == "torch._utils" && global.name.starts_with("_rebuild");
}

// ---- storages ---------------------------------------------------------------------------------

const StorageType* storage_type(const Global& global) {
  constexpr std::array<std::string_view, 3> modules{"torch", "torch.cuda", "torch.storage"};
  if (std::ranges::find(modules, global.module) == modules.end()) return nullptr;
  const auto* found = std::ranges::find(kStorageTypes, global.name, &StorageType::name);
  return found == kStorageTypes.end() ? nullptr : found;
}

/// ("storage", type, key, location, count), in older files also (view_key, first, size) or None.
Ref load_storage(const CallContext& context, const Arguments& id) {
  if (id.size() < 5 || id.size() > 6) context.in.fail("a storage has another number of fields");
  const auto* global = context.heap.get<Global>(id[1]);
  const auto* key = context.heap.get<Text>(id[2]);
  const auto* count = context.heap.get<std::int64_t>(id[4]);
  if (global == nullptr || key == nullptr || count == nullptr || *count < 0) {
    context.in.fail("a storage's type, key or size is of another kind");
  }
  if (key->text.size() > kLongestKey) context.in.fail("a storage's key is too long");
  const StorageType* type = storage_type(*global);
  if (type == nullptr) return make_object(context, id[1], true);
  Storage storage{type, key->text, *count, 0, *count};
  if (id.size() == 6 && context.heap.get<None>(id[5]) == nullptr) {
    const Arguments& view = sequence(context, id[5], "the fields of a storage's part").items;
    const auto* first = view.size() == 3 ? context.heap.get<std::int64_t>(view[1]) : nullptr;
    const auto* size = view.size() == 3 ? context.heap.get<std::int64_t>(view[2]) : nullptr;
    if (first == nullptr || size == nullptr || *first < 0 || *size < 0 || *first > *count ||
        *size > *count - *first) {
      context.in.fail("a storage is no part of the one it is said to be a part of");
    }
    storage.first = *first;
    storage.size = *size;
  }
  context.storages.push_back(std::make_shared<const Storage>(storage));
  return context.heap.add({context.storages.back(), true});
}

}  // namespace

Ref call(const CallContext& context, Ref callable, Ref arguments) {
  const Sequence& given = sequence(context, arguments, "the arguments of a call");
  const bool tensors = context.heap[arguments].tensors;
  const auto* global = context.heap.get<Global>(callable);
  if (global == nullptr) return make_object(context, callable, tensors);
  for (const Function& function : kFunctions) {
    if (function.module != global->module || function.name != global->name) continue;
    if (given.items.size() > kMostDimensions) context.in.fail("a call has too many arguments");
    return function.call(context, callable, Arguments(given.items));
  }
  return make_object(context, callable, tensors || rebuilds(*global));
}

Ref instantiate(const CallContext& context, Ref type, Ref arguments) {
  (void)sequence(context, arguments, "the arguments of an object");
  const auto* global = context.heap.get<Global>(type);
  if (global != nullptr && global->module == "collections" && global->name == "OrderedDict") {
    return context.heap.add({Dict{}});
  }
  return make_object(context, type, context.heap[arguments].tensors);
}

Ref load_persistent(const CallContext& context, Ref id) {
  const Arguments& fields = sequence(context, id, "the fields of a persistent id").items;
  const Text* kind = fields.empty() ? nullptr : context.heap.get<Text>(fields[0]);
  if (kind != nullptr && kind->text == "storage") return load_storage(context, fields);
  if (kind != nullptr && kind->text == "module" && fields.size() > 1) return fields[1];
  context.in.fail("a persistent id stands for neither a storage nor a module");
}

}  // namespace pollard::pickle
