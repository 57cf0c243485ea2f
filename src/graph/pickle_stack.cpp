#include "graph/pickle_stack.h"

#include <fmt/format.h>

#include <cstddef>

namespace pollard::pickle {

Ref PickleStack::pop() {
  const Ref ref = top();
  stack_.pop_back();
  return ref;
}

Ref PickleStack::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
    in_.fail("the pickle's stack is empty");
  return stack_.back();
}

std::vector<Ref> PickleStack::pop_mark() {
  if (marks_.empty()) in_.fail("the pickle's stack has no mark");
  std::vector<Ref> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return items;
}

void PickleStack::pop_any() {
  if (!marks_.empty() && marks_.back() == stack_.size()) {
    marks_.pop_back();
  } else {
    (void)pop();
  }
}

std::vector<Ref> PickleStack::pop_many(std::size_t count) {
  std::vector<Ref> items(count);
  for (std::size_t i = count; i > 0; --i) items[i - 1] = pop();
  return items;
}

Ref PickleStack::add_sequence(const std::vector<Ref>& items) {
  const Ref made = heap_.add({Sequence{}});
  append(made, items);
  return made;
}

Ref PickleStack::add_set() {
  const Ref made = heap_.add({Object{}});
  heap_[made].is = Object{made, {}};
  return made;
}

void PickleStack::append(Ref target, const std::vector<Ref>& items) {
  Value& value = heap_[target];
  auto* sequence = std::get_if<Sequence>(&value.is);
  if (sequence == nullptr && !std::holds_alternative<Object>(value.is)) {
    in_.fail("the pickle appends to what is no list");
  }
  for (const Ref item : items) value.tensors = value.tensors || heap_[item].tensors;
  if (sequence != nullptr)
    sequence->items.insert(sequence->items.end(), items.begin(), items.end());
}

void PickleStack::set_items(const std::vector<Ref>& items) {
  Value& value = heap_[top()];
  auto* dict = std::get_if<Dict>(&value.is);
  if (items.size() % 2 != 0) in_.fail("the pickle sets a key without a value");
  if (dict == nullptr && !std::holds_alternative<Object>(value.is)) {
    in_.fail("the pickle sets items of what is no dictionary");
  }
  for (std::size_t i = 0; i < items.size(); i += 2) {
    value.tensors = value.tensors || heap_[items[i + 1]].tensors;
    if (dict != nullptr) dict->items.emplace_back(items[i], items[i + 1]);
  }
}

void PickleStack::build(Ref state) {
  if (auto* object = std::get_if<Object>(&heap_[top()].is)) object->state = state;
}

void PickleStack::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) in_.fail(fmt::format("the pickle's memo has no value {}", index));
  push(found->second);
}

}  // namespace pollard::pickle
