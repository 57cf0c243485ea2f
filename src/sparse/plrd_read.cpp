// Reads what docs/formats.md describes, with suspicion, piece by piece: a count is held against
// what can follow, a tensor against all memory that the file may ask for, before anything is
// allocated. The graph goes through the functions that build any graph, which check the rest.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/files.h"
#include "core/terminal_text.h"
#include "graph/attributes.h"
#include "pollard/error.h"
#include "sparse/encoding.h"
#include "sparse/packed_tensor.h"
#include "sparse/plrd.h"
#include "sparse/plrd_frame.h"
#include "sparse/plrd_layout.h"

namespace pollard::sparse {
namespace {

using plrd::kDamaged;

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view origin)
      : cursor(bytes, origin, kDamaged) {}

  std::uint64_t number(std::string_view what, std::uint64_t largest) {
    const std::uint64_t value = read_varint(cursor);
    if (value > largest) {
      cursor.fail(fmt::format("{} would be {}, at most {} is possible", what, value, largest));
    }
    return value;
  }

  std::string text(std::string_view what, std::uint64_t longest) {
    return std::string(checked(cursor.text(number(what, longest))));
  }
  std::string text(std::string_view what) { return text(what, cursor.left()); }

  const std::string& name() {
    const std::uint64_t shared = number("what names share", last_name_.size());
    last_name_.resize(shared);
    last_name_ += cursor.text(number("the length of a name", plrd::kLongestName - shared));
    (void)checked(last_name_);
    return last_name_;
  }

  std::uint8_t code(std::string_view what, std::size_t count) {
    const std::uint8_t code = cursor.u8();
    if (code >= count) cursor.fail(fmt::format("there is no {} {}", what, code));
    return code;
  }

  void attribute(bool& value) { value = code("flag", 2) == 1; }
  void attribute(std::int64_t& value) { value = unfold(read_varint(cursor)); }
  void attribute(float& value) { value = std::bit_cast<float>(cursor.u32()); }
  void attribute(double& value) { value = std::bit_cast<double>(cursor.u64()); }
  template <std::size_t N>
  void attribute(std::array<std::int64_t, N>& values) {
    for (std::int64_t& value : values) attribute(value);
  }
  void attribute(std::vector<std::int64_t>& values) {
    values.resize(number("a number of attributes", 2 * plrd::kMostDimensions));
    for (std::int64_t& value : values) attribute(value);
  }

  ByteCursor cursor;

 private:
  /// Texts come before people: nothing in them may steer a terminal.
  std::string_view checked(std::string_view text) const {
    const bool plain =
        std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (!plain || !is_utf8(text)) {
      cursor.fail("a text holds control characters or is not UTF-8");
    }
    return text;
  }

  std::string last_name_;
};

/// What `build` makes of the graph; its errors name a node, not the file.
template <typename Build>
auto built(const Reader& in, const Build& build) {
  try {
    return build();
  } catch (const Error& error) {
    refuse(in.cursor.place(), error.what(), kDamaged);
  }
}

Metadata read_metadata(Reader& in) {
  Metadata metadata;
  for (std::uint64_t left = in.number("the number of notes", plrd::kMostEntries); left > 0;
       --left) {
    std::string key = in.text("the length of a note's name");
    if (!metadata.empty() && key <= metadata.rbegin()->first) {
      in.cursor.fail("the notes are not in order");
    }
    std::string value = in.text("the length of a note");
    metadata.emplace_hint(metadata.end(), std::move(key), std::move(value));
  }
  return metadata;
}

/// Tensors, as long as the memory they need stays in proportion.
class Tensors {
 public:
  explicit Tensors(std::uint64_t file_bytes) : limit_(plrd::most_tensor_bytes(file_bytes)) {}

  HostTensor read(Reader& in, const ParameterInfo& parameter) {
    const auto elements = static_cast<std::uint64_t>(element_count(parameter.shape));
    if (elements > (limit_ - used_) / sizeof(float)) {
      refuse(
          in.cursor.place(),
          fmt::format("tensor '{}' {}: all tensors together may have {} MiB in a file of this size",
                      parameter.name, to_string(parameter.shape), limit_ >> 20),
          kDamaged);
    }
    used_ += elements * sizeof(float);
    HostTensor tensor = HostTensor::zeros(DType::F32, parameter.shape);
    read_packed(in.cursor, tensor.f32());
    return tensor;
  }

 private:
  std::uint64_t limit_, used_ = 0;
};

ParameterInfo read_parameter(Reader& in) {
  ParameterInfo parameter;
  parameter.name = in.name();
  parameter.role = plrd::kRoles.at(in.code("role", plrd::kRoles.size()));
  in.attribute(parameter.selected);
  parameter.shape.resize(in.number("the number of dimensions", plrd::kMostDimensions));
  for (std::int64_t& size : parameter.shape)
    size = static_cast<std::int64_t>(in.number("a size", INT32_MAX));
  return parameter;
}

template <std::size_t I = 0>
Operator make_operator(Reader& in, std::string_view name) {
  if constexpr (I == std::variant_size_v<Operator>) {
    in.cursor.fail(fmt::format("there is no operator '{}'", shortened(name)));
  } else {
    Operator op(std::in_place_index<I>);
    return operator_name(op) == name ? op : make_operator<I + 1>(in, name);
  }
}

Operator read_operator(Reader& in) {
  Operator op = make_operator(in, in.text("the length of an operator's name"));
  std::visit(
      [&in](auto& concrete) {
        for_each_attribute(concrete, [&in](auto& value) { in.attribute(value); });
      },
      op);
  return op;
}

/// The nodes and the output. `values` are the names of what nodes may use, in the file's numbering.
void read_nodes(Reader& in, Graph& graph, std::vector<std::string> values) {
  const auto value = [&in, &values]() -> const std::string& {
    return values[in.number("the number of a value", values.size() - 1)];
  };
  std::uint64_t inputs_left = plrd::kMostInputs;
  for (std::uint64_t left = in.number("the number of nodes", plrd::kMostEntries); left > 0;
       --left) {
    const std::string name = in.name();
    const Operator op = read_operator(in);
    std::vector<std::string> inputs(
        in.number("the number of inputs", std::min(inputs_left, in.cursor.left())));
    inputs_left -= inputs.size();
    for (std::string& input : inputs) input = value();
    values.push_back(built(in, [&] { return graph.add_node(name, op, inputs); }));
  }
  const std::string& output = value();
  built(in, [&] {
    graph.set_output(output);
    return graph.classes();
  });
}

/// Rows times columns that a node's windows see, padding included; 0 where it has none.
double padded_pixels(const Operator& op, const Shape& input) {
  const auto pixels = [&input](const std::array<std::int64_t, 4>& pads) {
    return static_cast<double>(input[2] + pads[0] + pads[2]) *
           static_cast<double>(input[3] + pads[1] + pads[3]);
  };
  if (const auto* conv = std::get_if<Conv>(&op)) return pixels(conv->pads);
  if (const auto* maximum = std::get_if<MaxPool>(&op)) return pixels(maximum->pads);
  if (const auto* average = std::get_if<AveragePool>(&op)) return pixels(average->pads);
  return 0;
}

/// Few bytes can describe a network that needs any amount of memory for an image.
void check_activations(const Graph& graph, std::string_view origin) {
  double floats = static_cast<double>(element_count(graph.shape(Graph::kInput)));
  for (const Node& node : graph.nodes()) {
    const Shape& input = graph.shape(node.inputs.front());
    floats += static_cast<double>(element_count(graph.shape(node.output)));
    if (const double pixels = padded_pixels(node.op, input); pixels > 0)
      floats += pixels * static_cast<double>(input[1]);
  }
  if (floats > static_cast<double>(plrd::kMostActivations)) {
    refuse(origin,
           fmt::format("an image would need {:.0f} MiB for its activations, at most {} are "
                       "possible",
                       floats / (1 << 18), plrd::kMostActivations >> 18),
           kDamaged);
  }
}

NetworkFile read_content(Reader& in, std::uint64_t file_bytes) {
  Metadata metadata = read_metadata(in);
  const std::string name = in.text("the length of the network's name", plrd::kLongestName);
  ImageShape image;
  for (std::int64_t* size : {&image.channels, &image.height, &image.width})
    *size = static_cast<std::int64_t>(in.number("a size of the image", INT32_MAX));
  NetworkFile file{built(in, [&] { return Graph(name, image); }), {}, std::move(metadata)};

  Tensors tensors(file_bytes);
  std::vector<std::string> values{std::string(Graph::kInput)};
  for (std::uint64_t left = in.number("the number of parameters", plrd::kMostEntries); left > 0;
       --left) {
    const ParameterInfo parameter = read_parameter(in);
    built(in, [&] { file.graph.add_parameter(parameter); });
    file.state.emplace(parameter.name, tensors.read(in, parameter));
    values.push_back(parameter.name);
  }
  read_nodes(in, file.graph, std::move(values));
  if (in.cursor.left() > 0) {
    in.cursor.fail(fmt::format("{} bytes follow the network", in.cursor.left()));
  }
  return file;
}

}  // namespace

NetworkFile decode_plrd(std::span<const std::byte> bytes, std::string_view origin) {
  Reader in(plrd::check_frame(bytes, origin), origin);
  NetworkFile file = read_content(in, bytes.size());
  check_activations(file.graph, origin);
  return file;
}

NetworkFile read_plrd(const std::filesystem::path& path) {
  return decode_plrd(read_bytes(path), path.string());
}

}  // namespace pollard::sparse
