// Pickles, read without executing anything: a machine for the opcodes of protocols 0 to 4 whose
// results are plain values. (CPython's Lib/pickletools.py tells what every opcode means.)
//
// A pickle names functions and classes of Python and has them called. Here a name is a Global, a
// value like others, and the few calls that build tensors and dictionaries (pickle_calls.cpp) are
// understood; whatever else is called becomes an Object, which remembers its type and does nothing.
//
// Values refer to each other by number and none is copied, so a small file cannot stand for a large
// structure; the number of steps is limited, so memory is at most proportional to the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "graph/byte_cursor.h"
#include "pollard/tensor.h"

namespace pollard::pickle {

using Ref = std::uint32_t;  // of a value, in Heap

struct None {};
struct Other {};  // a number or a set that nobody needs
struct Text {
  std::string_view text;
};
struct Bytes {
  std::string_view bytes;
};
struct Sequence {  // a tuple or a list
  std::vector<Ref> items;
};
struct Dict {
  std::vector<std::pair<Ref, Ref>> items;  // a key that repeats counts as it stands last
};
struct Global {
  std::string_view module, name;
};
struct Object {  // what comes of calling anything unknown
  Ref type = 0;  // what was called
  std::optional<Ref> state;
};

struct StorageType {
  std::string_view name;
  std::size_t item_bytes;
  std::optional<DType> dtype;  // none: not one of Pollard's
};

/// A one-dimensional array in the file, of which tensors are views.
struct Storage {
  const StorageType* type;
  std::string_view key;              // names the data in the file
  std::int64_t count = 0;            // elements of the data
  std::int64_t first = 0, size = 0;  // this part of them
};

/// Nothing is checked yet but that the numbers are there: see gather.h.
struct Tensor {
  std::shared_ptr<const Storage> storage;
  std::int64_t offset = 0;  // in elements, as the strides
  Shape sizes, strides;
};

struct Value {
  std::variant<None, bool, std::int64_t, Other, Text, Bytes, Sequence, Dict, Global, Object,
               std::shared_ptr<const Storage>, std::shared_ptr<const Tensor>>
      is;
  bool tensors = false;  // is, or was made of, tensors or storages
};

/// The values of one pickle. Texts are views of the file.
class Heap {
 public:
  Ref add(Value value);
  [[nodiscard]] Value& operator[](Ref ref) { return values_[ref]; }
  [[nodiscard]] const Value& operator[](Ref ref) const { return values_[ref]; }
  template <typename T>
  [[nodiscard]] const T* get(Ref ref) const {
    return std::get_if<T>(&values_[ref].is);
  }
  /// The entry of a dictionary under a text; the last where there are several.
  [[nodiscard]] std::optional<Ref> find(const Dict& dict, std::string_view key) const;
  /// "torch.nn.Linear": what an object was made by, or a global's name; shortened.
  [[nodiscard]] std::string type_name(Ref ref) const;

 private:
  std::vector<Value> values_;
};

struct Unpickled {
  Heap heap;
  Ref root = 0;
  std::vector<std::shared_ptr<const Storage>> storages;  // all that were named, in order
};

/// Reads one pickle, up to its STOP. Throws Error{Input} with the place and byte.
[[nodiscard]] Unpickled unpickle(ByteCursor& in);

// ---- the calls, in pickle_calls.cpp -----------------------------------------------------------

/// What the machine lends to calls.
struct CallContext {
  const ByteCursor& in;  // for errors
  Heap& heap;
  std::vector<std::shared_ptr<const Storage>>& storages;
  std::uint64_t& steps_left;
};

/// callable(*arguments).
[[nodiscard]] Ref call(const CallContext& context, Ref callable, Ref arguments);
/// type.__new__(type, *arguments): an Object, or an empty dictionary for an OrderedDict.
[[nodiscard]] Ref instantiate(const CallContext& context, Ref type, Ref arguments);
/// What a persistent id stands for: a storage, or a class of which the file also has the source.
[[nodiscard]] Ref load_persistent(const CallContext& context, Ref id);

}  // namespace pollard::pickle
