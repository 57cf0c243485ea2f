// Broken and hostile ONNX files: bytes changed anywhere, and whole models in which any field of any
// message may have become another, which reach far deeper than broken bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>

#include "graph/onnx/model_seeds.h"
#include "support/broken_bytes.h"

namespace pollard::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::size_t read_model(const std::string& file) {
  const OnnxModel model = decode_onnx(std::as_bytes(std::span(file)), "broken.onnx");
  std::size_t held = 0;
  for (const auto& entry : model.state) held += entry.second.bytes.size();
  (void)model.graph.classes();
  return held;
}

// ---- good models ------------------------------------------------------------------------------

const onnx::ModelProto& seed(std::uint32_t index) {
  static const onnx::ModelProto seeds[] = {written_seed(), exported_seed()};
  return seeds[index % 2];
}

// ---- fields that become others ----------------------------------------------------------------

class Breaker {
 public:
  explicit Breaker(std::uint32_t index) : random_(2026, Purpose::Testing, 2, index) {}

  [[nodiscard]] std::string operator()(onnx::ModelProto model) {
    collect_names(model);
    for (std::uint32_t edits = 1 + random_.below(3); edits > 0; --edits) edit(model);
    return model.SerializeAsString();
  }

 private:
  using Fields = std::vector<const FieldDescriptor*>;

  std::uint32_t below(std::size_t count) {
    return random_.below(static_cast<std::uint32_t>(std::max<std::size_t>(count, 1)));
  }

  void collect_names(const onnx::ModelProto& model) {
    for (const auto& node : model.graph().node()) {
      for (const auto& name : node.input()) names_.push_back(name);
      for (const auto& name : node.output()) names_.push_back(name);
      names_.push_back(node.op_type());
    }
    names_.insert(names_.end(),
                  {"", "x", "y", "Conv", "Reshape", "Slice", "Pad", "Loop", "../../etc/passwd",
                   std::string(3, '\0'), std::string(100000, 'n'), "pads", "axes"});
  }

  static Fields fields_of(const Message& message) {
    Fields fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields;
  }

  // Down to some message, then one field of it.
  void edit(Message& message) {
    const Reflection& reflection = *message.GetReflection();
    Fields inner;
    for (const FieldDescriptor* field : fields_of(message)) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) inner.push_back(field);
    }
    if (!inner.empty() && below(8) != 0) {
      const FieldDescriptor* field = inner[below(inner.size())];
      if (!field->is_repeated()) return edit(*reflection.MutableMessage(&message, field));
      const int count = reflection.FieldSize(message, field);
      const int at = static_cast<int>(below(static_cast<std::size_t>(count)));
      if (below(8) != 0) return edit(*reflection.MutableRepeatedMessage(&message, field, at));
      return edit_list(message, field);
    }
    edit_field(message);
  }

  /// Removes, doubles or exchanges.
  void edit_list(Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    const int count = reflection.FieldSize(message, field);
    const int at = static_cast<int>(below(static_cast<std::size_t>(count)));
    switch (below(3)) {
      case 0:
        reflection.SwapElements(&message, field, at, count - 1);
        return reflection.RemoveLast(&message, field);
      case 1:
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          const auto copy =
              std::unique_ptr<Message>(reflection.GetRepeatedMessage(message, field, at).New());
          copy->CopyFrom(reflection.GetRepeatedMessage(message, field, at));
          reflection.AddMessage(&message, field)->CopyFrom(*copy);
        } else {
          set(message, field, -1);
        }
        return;
      default:
        reflection.SwapElements(&message, field, at,
                                static_cast<int>(below(static_cast<std::size_t>(count))));
    }
  }

  void edit_field(Message& message) {
    const auto& type = *message.GetDescriptor();
    const Fields set_ones = fields_of(message);
    const FieldDescriptor* field =
        below(4) != 0 && !set_ones.empty()
            ? set_ones[below(set_ones.size())]
            : type.field(static_cast<int>(below(static_cast<std::size_t>(type.field_count()))));
    const Reflection& reflection = *message.GetReflection();
    if (below(6) == 0) return reflection.ClearField(&message, field);
    if (!field->is_repeated()) return set(message, field, 0);
    const int count = reflection.FieldSize(message, field);
    if (count == 0 || below(4) == 0) return set(message, field, -1);
    if (below(3) == 0) return edit_list(message, field);
    set(message, field, static_cast<int>(below(static_cast<std::size_t>(count))));
  }

  std::int64_t whole() {
    constexpr std::int64_t numbers[] = {0,
                                        1,
                                        -1,
                                        2,
                                        3,
                                        7,
                                        11,
                                        64,
                                        1 << 16,
                                        std::numeric_limits<std::int32_t>::max(),
                                        std::int64_t{1} << 40,
                                        std::numeric_limits<std::int64_t>::max(),
                                        std::numeric_limits<std::int64_t>::min()};
    return numbers[below(std::size(numbers))];
  }
  double real() {
    constexpr double numbers[] = {0,    -1,
                                  1e30, std::numeric_limits<double>::infinity(),
                                  0.5,  std::numeric_limits<double>::quiet_NaN()};
    return numbers[below(std::size(numbers))];
  }
  std::string text(const std::string& old) {
    if (below(3) == 0) return broken(old, below(1000), kAnyFile);
    return names_[below(names_.size())];
  }

  /// Element `at` of a list; -1: one more. Of a field that is no list, any.
  void set(Message& message, const FieldDescriptor* field, int at) {
    const Reflection& to = *message.GetReflection();
#define POLLARD_SET(Type, value)                                          \
  if (!field->is_repeated()) return to.Set##Type(&message, field, value); \
  if (at < 0) return to.Add##Type(&message, field, value);                \
  return to.SetRepeated##Type(&message, field, at, value)
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: {
        const auto value = static_cast<std::int32_t>(whole());
        POLLARD_SET(Int32, value);
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        const std::int64_t value = whole();
        POLLARD_SET(Int64, value);
      }
      case FieldDescriptor::CPPTYPE_UINT64: {
        const auto value = static_cast<std::uint64_t>(whole());
        POLLARD_SET(UInt64, value);
      }
      case FieldDescriptor::CPPTYPE_FLOAT: {
        const auto value = static_cast<float>(real());
        POLLARD_SET(Float, value);
      }
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        const double value = real();
        POLLARD_SET(Double, value);
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string old;
        if (!field->is_repeated()) old = to.GetString(message, field);
        if (field->is_repeated() && at >= 0) old = to.GetRepeatedString(message, field, at);
        const std::string value = text(old);
        POLLARD_SET(String, value);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto& values = *field->enum_type();
        const int value =
            values.value(static_cast<int>(below(static_cast<std::size_t>(values.value_count()))))
                ->number();
        POLLARD_SET(EnumValue, value);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (!field->is_repeated()) return (void)to.MutableMessage(&message, field);
        return (void)to.AddMessage(&message, field);
      default:
        return;
    }
#undef POLLARD_SET
  }

  RandomStream random_;
  std::vector<std::string> names_;
};

// ---- tests ------------------------------------------------------------------------------------

TEST(BrokenOnnx, TheSeedsAreGood) {
  for (const std::uint32_t index : {0U, 1U})
    EXPECT_GT(read_model(seed(index).SerializeAsString()), 0U);
}

TEST(BrokenOnnx, Bytes) {
  expect_all_read_or_refused(read_model, [](std::uint32_t index) {
    return broken(seed(index).SerializeAsString(), index, kAnyFile);
  });
}

TEST(BrokenOnnx, AnyFieldOfAnyMessage) {
  for (std::uint32_t thousand = 0; thousand < 5; ++thousand) {
    expect_all_read_or_refused(read_model, [&](std::uint32_t index) {
      return Breaker(1000 * thousand + index)(seed(index));
    });
  }
}

/// Wires that lead elsewhere: cycles, nodes without inputs, values made twice.
TEST(BrokenOnnx, Wires) {
  expect_all_read_or_refused(read_model, [](std::uint32_t index) {
    RandomStream random(2026, Purpose::Testing, 3, index);
    onnx::ModelProto model = seed(1);
    auto& graph = *model.mutable_graph();
    const auto node = [&] {
      return graph.mutable_node(
          static_cast<int>(random.below(static_cast<std::uint32_t>(graph.node_size()))));
    };
    for (std::uint32_t edits = 1 + random.below(4); edits > 0; --edits) {
      onnx::NodeProto& from = *node();
      onnx::NodeProto& to = *node();
      const auto at = static_cast<int>(random.below(static_cast<std::uint32_t>(to.input_size())));
      switch (random.below(4)) {
        case 0:
          to.set_input(at, from.output(0));
          break;
        case 1:
          to.set_output(0, from.output(0));
          break;
        case 2:
          to.set_input(at, from.input(0));
          break;
        default:
          to.set_op_type(from.op_type());
      }
    }
    return model.SerializeAsString();
  });
}

}  // namespace
}  // namespace pollard::test
