// What the opcodes of a pickle work on: a stack of values with marks on it, and a memo.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "graph/pickle.h"

namespace pollard::pickle {

class PickleStack {
 public:
  /// `in` tells errors where they are; `heap` takes the values.
  PickleStack(const ByteCursor& in, Heap& heap) : in_(in), heap_(heap) {}

  void push(Ref ref) { stack_.push_back(ref); }
  void push_value(decltype(Value::is) value) { push(heap_.add({std::move(value)})); }
  /// The last value, of those above the last mark. Throw Error{Input} where there is none.
  Ref pop();
  [[nodiscard]] Ref top() const;
  /// In the order in which they were pushed.
  std::vector<Ref> pop_many(std::size_t count);

  void mark() { marks_.push_back(stack_.size()); }
  /// What was pushed since the last mark, which goes too.
  std::vector<Ref> pop_mark();
  /// Removes a value, or the mark where none is above it.
  void pop_any();

  void remember(std::uint64_t index) { memo_[index] = top(); }
  void remember_next() { remember(memo_.size()); }
  void recall(std::uint64_t index);

  Ref add_sequence(const std::vector<Ref>& items);
  /// An Object that is its own type.
  Ref add_set();

  /// Fill what is on top. Whatever is put into an Object is dropped: nobody will ask for it.
  void append(const std::vector<Ref>& items) { append(top(), items); }
  void set_items(const std::vector<Ref>& items);
  /// Attributes matter of an Object only: they tell a pickled module.
  void build(Ref state);

 private:
  void append(Ref target, const std::vector<Ref>& items);

  const ByteCursor& in_;
  Heap& heap_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint64_t, Ref> memo_;
};

}  // namespace pollard::pickle
