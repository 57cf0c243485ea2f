#include "speed/dnnl_tape.h"

#include <algorithm>
#include <cstring>

#include "core/timing.h"

namespace pollard {

using dnnl::memory;

DnnlValue DnnlTape::make_value(const memory::desc& desc) {
  const std::size_t bytes = desc.get_size();
  auto chosen = std::find_if(free_.rbegin(), free_.rend(), [&](int slot) {
    return slots_[static_cast<std::size_t>(slot)].bytes >= bytes;
  });
  if (chosen == free_.rend()) chosen = free_.rbegin();  // none is large enough: one grows
  if (chosen == free_.rend()) {
    slots_.push_back({.bytes = bytes});
    return {desc, static_cast<int>(slots_.size()) - 1};
  }
  const int slot = *chosen;
  free_.erase(std::next(chosen).base());
  Slot& used = slots_[static_cast<std::size_t>(slot)];
  used.bytes = std::max(used.bytes, bytes);
  return {desc, slot};
}

void DnnlTape::release(const DnnlValue& value) {
  if (value.slot < 0 || slots_[static_cast<std::size_t>(value.slot)].outside) return;
  free_.push_back(value.slot);
}

DnnlValue DnnlTape::make_outside_value(const memory::desc& desc) {
  slots_.push_back({.outside = true});
  outside_.push_back(static_cast<int>(slots_.size()) - 1);
  return {desc, outside_.back()};
}

DnnlValue DnnlTape::make_constant(const memory::desc& plain, const memory::desc& wanted,
                                  std::span<const float> values) {
  memory source(plain, engine_), target(wanted, engine_);
  std::memcpy(source.get_data_handle(), values.data(), values.size_bytes());
  dnnl::reorder(source, target).execute(stream_, source, target);
  stream_.wait();
  return {wanted, -1, target};
}

void DnnlTape::add(std::size_t step, dnnl::primitive primitive, Arguments arguments) {
  items_.push_back({step, std::move(primitive), std::move(arguments)});
}

DnnlValue DnnlTape::reordered(std::size_t step, const DnnlValue& value,
                              const memory::desc& wanted) {
  if (value.desc == wanted) return value;
  const DnnlValue target = make_value(wanted);
  add(step, dnnl::reorder(dnnl::reorder::primitive_desc(engine_, value.desc, engine_, wanted)),
      {{DNNL_ARG_FROM, value}, {DNNL_ARG_TO, target}});
  return target;
}

memory DnnlTape::memory_of(const DnnlValue& value) {
  if (value.slot < 0) return value.own;
  Slot& slot = slots_[static_cast<std::size_t>(value.slot)];
  if (slot.outside) {
    slot.users.emplace_back(value.desc, engine_, nullptr);
    return slot.users.back();
  }
  return {value.desc, engine_, slot.memory.get_data_handle()};
}

void DnnlTape::bind() {
  for (Slot& slot : slots_) {
    if (slot.outside) continue;
    const auto bytes = static_cast<memory::dim>(slot.bytes);
    slot.memory = memory({{bytes}, memory::data_type::u8, memory::format_tag::a}, engine_);
  }
  for (Item& item : items_) {
    for (const auto& [role, value] : item.planned) item.arguments.emplace(role, memory_of(value));
  }
}

void DnnlTape::run(std::span<float* const> outside, std::span<double> seconds) {
  for (std::size_t i = 0; i < outside_.size(); ++i) {
    for (memory& user : slots_[static_cast<std::size_t>(outside_[i])].users)
      user.set_data_handle(outside[i]);
  }
  if (seconds.empty()) {
    for (const Item& item : items_) item.primitive.execute(stream_, item.arguments);
    stream_.wait();
    return;
  }
  std::ranges::fill(seconds, 0.0);
  for (const Item& item : items_) {
    const Stopwatch watch;
    item.primitive.execute(stream_, item.arguments);
    stream_.wait();
    seconds[item.step] += watch.seconds();
  }
}

}  // namespace pollard
