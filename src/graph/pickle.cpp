// The opcodes, named as in pickletools.

#include "graph/pickle.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "graph/pickle_stack.h"

namespace pollard::pickle {
namespace {

/// Opcodes and copied items of one pickle. Checkpoints of large networks need some 100,000.
constexpr std::uint64_t kMostSteps = 4'000'000;
constexpr int kNewestProtocol = 5;

class Machine {
 public:
  explicit Machine(ByteCursor& in) : in_(in) {}
  Unpickled run();

 private:
  bool scalar(std::uint8_t opcode);
  bool text(std::uint8_t opcode);
  bool bytes(std::uint8_t opcode);
  bool container(std::uint8_t opcode);
  bool filling(std::uint8_t opcode);
  bool marks(std::uint8_t opcode);
  bool memo(std::uint8_t opcode);
  bool object(std::uint8_t opcode);
  bool framing(std::uint8_t opcode);

  void push_line_integer(std::string_view digits);
  void push_long(std::span<const std::byte> digits);
  std::uint64_t line_index();
  CallContext context() { return {in_, out_.heap, out_.storages, steps_left_}; }

  ByteCursor& in_;
  Unpickled out_;
  PickleStack stack_{in_, out_.heap};
  std::uint64_t steps_left_ = kMostSteps;
};

Unpickled Machine::run() {
  for (;;) {
    if (steps_left_-- == 0) in_.fail(fmt::format("the pickle has over {} steps", kMostSteps));
    const std::uint8_t opcode = in_.u8();
    if (opcode == '.') break;  // STOP
    if (!memo(opcode) && !scalar(opcode) && !text(opcode) && !container(opcode) &&
        !filling(opcode) && !object(opcode) && !bytes(opcode) && !marks(opcode) &&
        !framing(opcode)) {
      in_.fail(fmt::format("the pickle has the opcode 0x{:02x}, which torch.save does not write",
                           opcode));
    }
  }
  out_.root = stack_.pop();
  return std::move(out_);
}

void Machine::push_line_integer(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
  if (error == std::errc::result_out_of_range) return stack_.push_value(Other{});
  if (error != std::errc() || end != digits.end()) in_.fail("a whole number was expected");
  stack_.push_value(value);
}

/// Two's complement, of any length.
void Machine::push_long(std::span<const std::byte> digits) {
  if (digits.size() > sizeof(std::int64_t)) return stack_.push_value(Other{});
  const bool negative = !digits.empty() && (digits.back() & std::byte{0x80}) != std::byte{0};
  std::int64_t value = negative ? -1 : 0;
  if (!digits.empty()) std::memcpy(&value, digits.data(), digits.size());
  stack_.push_value(value);
}

std::uint64_t Machine::line_index() {
  const std::string_view digits = in_.line();
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), index);
  if (error != std::errc() || end != digits.end()) in_.fail("an index of the memo was expected");
  return index;
}

bool Machine::scalar(std::uint8_t opcode) {
  switch (opcode) {
    case 'N':  // NONE
      stack_.push_value(None{});
      return true;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      stack_.push_value(opcode == 0x88);
      return true;
    case 'J':  // BININT
      stack_.push_value(std::int64_t{static_cast<std::int32_t>(in_.u32())});
      return true;
    case 'K':  // BININT1
      stack_.push_value(std::int64_t{in_.u8()});
      return true;
    case 'M':  // BININT2
      stack_.push_value(std::int64_t{in_.u16()});
      return true;
    case 'I': {  // INT, and the booleans of old
      const std::string_view digits = in_.line();
      if (digits == "00" || digits == "01") {
        stack_.push_value(digits == "01");
      } else {
        push_line_integer(digits);
      }
      return true;
    }
    case 'L': {  // LONG
      std::string_view digits = in_.line();
      if (digits.ends_with('L')) digits.remove_suffix(1);
      push_line_integer(digits);
      return true;
    }
    case 0x8a:  // LONG1
      push_long(in_.take(in_.u8()));
      return true;
    case 0x8b:  // LONG4
      push_long(in_.take(in_.u32()));
      return true;
    case 'F':  // FLOAT
      (void)in_.line();
      stack_.push_value(Other{});
      return true;
    case 'G':  // BINFLOAT
      in_.skip(8);
      stack_.push_value(Other{});
      return true;
    default:
      return false;
  }
}

bool Machine::text(std::uint8_t opcode) {
  switch (opcode) {
    case 'X':  // BINUNICODE
    case 'T':  // BINSTRING
      stack_.push_value(Text{in_.text(in_.u32())});
      return true;
    case 0x8c:  // SHORT_BINUNICODE
    case 'U':   // SHORT_BINSTRING
      stack_.push_value(Text{in_.text(in_.u8())});
      return true;
    case 0x8d:  // BINUNICODE8
      stack_.push_value(Text{in_.text(in_.u64())});
      return true;
    case 'V':  // UNICODE
      stack_.push_value(Text{in_.line()});
      return true;
    case 'S': {  // STRING, in quotes
      const std::string_view quoted = in_.line();
      if (quoted.size() < 2) in_.fail("a text in quotes was expected");
      stack_.push_value(Text{quoted.substr(1, quoted.size() - 2)});
      return true;
    }
    default:
      return false;
  }
}

bool Machine::bytes(std::uint8_t opcode) {
  std::uint64_t length = 0;
  switch (opcode) {
    case 'C':  // SHORT_BINBYTES
      length = in_.u8();
      break;
    case 'B':  // BINBYTES
      length = in_.u32();
      break;
    case 0x8e:  // BINBYTES8
    case 0x96:  // BYTEARRAY8
      length = in_.u64();
      break;
    default:
      return false;
  }
  stack_.push_value(Bytes{in_.text(length)});
  return true;
}

bool Machine::container(std::uint8_t opcode) {
  switch (opcode) {
    case ')':  // EMPTY_TUPLE
    case ']':  // EMPTY_LIST
      stack_.push_value(Sequence{});
      return true;
    case '}':  // EMPTY_DICT
      stack_.push_value(Dict{});
      return true;
    case 't':  // TUPLE
    case 'l':  // LIST
      stack_.push(stack_.add_sequence(stack_.pop_mark()));
      return true;
    case 0x85:  // TUPLE1 to 3
    case 0x86:
    case 0x87:
      stack_.push(stack_.add_sequence(stack_.pop_many(opcode - 0x84U)));
      return true;
    case 'd': {  // DICT
      const std::vector<Ref> items = stack_.pop_mark();
      stack_.push_value(Dict{});
      stack_.set_items(items);
      return true;
    }
    case 0x8f:  // EMPTY_SET
      stack_.push(stack_.add_set());
      return true;
    case 0x91:  // FROZENSET
      (void)stack_.pop_mark();
      stack_.push_value(Other{});
      return true;
    default:
      return false;
  }
}

bool Machine::filling(std::uint8_t opcode) {
  switch (opcode) {
    case 'a': {  // APPEND
      const std::vector<Ref> item = stack_.pop_many(1);
      stack_.append(item);
      return true;
    }
    case 'e':     // APPENDS
    case 0x90: {  // ADDITEMS
      const std::vector<Ref> items = stack_.pop_mark();
      stack_.append(items);
      return true;
    }
    case 's': {  // SETITEM
      const std::vector<Ref> items = stack_.pop_many(2);
      stack_.set_items(items);
      return true;
    }
    case 'u': {  // SETITEMS
      const std::vector<Ref> items = stack_.pop_mark();
      stack_.set_items(items);
      return true;
    }
    default:
      return false;
  }
}

bool Machine::marks(std::uint8_t opcode) {
  switch (opcode) {
    case '(':  // MARK
      stack_.mark();
      return true;
    case '1':  // POP_MARK
      (void)stack_.pop_mark();
      return true;
    case '0':  // POP
      stack_.pop_any();
      return true;
    case '2':  // DUP
      stack_.push(stack_.top());
      return true;
    default:
      return false;
  }
}

bool Machine::memo(std::uint8_t opcode) {
  switch (opcode) {
    case 'q':  // BINPUT
      stack_.remember(in_.u8());
      return true;
    case 'r':  // LONG_BINPUT
      stack_.remember(in_.u32());
      return true;
    case 'p':  // PUT
      stack_.remember(line_index());
      return true;
    case 0x94:  // MEMOIZE
      stack_.remember_next();
      return true;
    case 'h':  // BINGET
      stack_.recall(in_.u8());
      return true;
    case 'j':  // LONG_BINGET
      stack_.recall(in_.u32());
      return true;
    case 'g':  // GET
      stack_.recall(line_index());
      return true;
    default:
      return false;
  }
}

bool Machine::object(std::uint8_t opcode) {
  switch (opcode) {
    case 'c': {  // GLOBAL
      const std::string_view module = in_.line(), name = in_.line();
      stack_.push_value(Global{module, name});
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const std::vector<Ref> names = stack_.pop_many(2);
      const Text *module = out_.heap.get<Text>(names[0]), *name = out_.heap.get<Text>(names[1]);
      if (module == nullptr || name == nullptr) in_.fail("a global is named by what is no text");
      stack_.push_value(Global{module->text, name->text});
      return true;
    }
    case 'R': {  // REDUCE
      const std::vector<Ref> parts = stack_.pop_many(2);
      stack_.push(call(context(), parts[0], parts[1]));
      return true;
    }
    case 0x81: {  // NEWOBJ
      const std::vector<Ref> parts = stack_.pop_many(2);
      stack_.push(instantiate(context(), parts[0], parts[1]));
      return true;
    }
    case 0x92: {  // NEWOBJ_EX, with keywords
      const std::vector<Ref> parts = stack_.pop_many(3);
      stack_.push(instantiate(context(), parts[0], parts[1]));
      return true;
    }
    case 'i': {  // INST
      const std::string_view module = in_.line(), name = in_.line();
      const Ref arguments = stack_.add_sequence(stack_.pop_mark());
      stack_.push(instantiate(context(), out_.heap.add({Global{module, name}}), arguments));
      return true;
    }
    case 'o': {  // OBJ
      std::vector<Ref> parts = stack_.pop_mark();
      if (parts.empty()) in_.fail("an object has no class");
      const Ref type = parts.front();
      parts.erase(parts.begin());
      stack_.push(instantiate(context(), type, stack_.add_sequence(parts)));
      return true;
    }
    case 'b': {  // BUILD
      const Ref state = stack_.pop();
      stack_.build(state);
      return true;
    }
    case 'Q':  // BINPERSID
      stack_.push(load_persistent(context(), stack_.pop()));
      return true;
    default:
      return false;
  }
}

bool Machine::framing(std::uint8_t opcode) {
  if (opcode == 0x80) {  // PROTO
    if (const int protocol = in_.u8(); protocol > kNewestProtocol) {
      in_.fail(fmt::format("the pickle is of protocol {}, at most {} is known", protocol,
                           kNewestProtocol));
    }
    return true;
  }
  if (opcode != 0x95) return false;  // FRAME
  if (in_.u64() > in_.left()) in_.fail("a frame of the pickle ends behind the file");
  return true;
}

}  // namespace

Ref Heap::add(Value value) {
  values_.push_back(std::move(value));
  return static_cast<Ref>(values_.size() - 1);  // few: steps are limited
}

std::optional<Ref> Heap::find(const Dict& dict, std::string_view key) const {
  std::optional<Ref> found;
  for (const auto& [name, value] : dict.items) {
    const Text* text = get<Text>(name);
    if (text != nullptr && text->text == key) found = value;
  }
  return found;
}

std::string Heap::type_name(Ref ref) const {
  // The type of an object was there before it, so this ends.
  while (const Object* object = get<Object>(ref)) {
    if (object->type == ref) return "set";
    ref = object->type;
  }
  const Global* global = get<Global>(ref);
  if (global == nullptr) return "no global";
  return shortened(global->module) + "." + shortened(global->name);
}

Unpickled unpickle(ByteCursor& in) { return Machine(in).run(); }

}  // namespace pollard::pickle
