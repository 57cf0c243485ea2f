// Writes what docs/formats.md describes: the graph in its order of building, each parameter with
// its tensor, and a checksum. Names share what they have in common with the one before.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "core/files.h"
#include "graph/attributes.h"
#include "pollard/error.h"
#include "sparse/encoding.h"
#include "sparse/packed_tensor.h"
#include "sparse/plrd.h"
#include "sparse/plrd_frame.h"
#include "sparse/plrd_layout.h"

namespace pollard::sparse {
namespace {

class Writer {
 public:
  void number(std::uint64_t value) { write_varint(bytes, value); }

  template <std::unsigned_integral Number>
  void fixed(Number value) {
    write_fixed(bytes, value);
  }

  void raw(std::string_view text) {
    append(bytes, std::as_bytes(std::span(text.data(), text.size())));
  }

  void text(std::string_view text) {
    number(text.size());
    raw(text);
  }

  /// How many bytes it shares with the name before, and the others.
  void name(std::string_view name) {
    if (name.size() > plrd::kLongestName) {
      refuse("a .plrd file",
             fmt::format("'{}' is a name of {} bytes, at most {} are possible", shortened(name),
                         name.size(), plrd::kLongestName),
             "");
    }
    const auto differ = std::ranges::mismatch(name, last_name_);
    const auto shared = static_cast<std::size_t>(differ.in1 - name.begin());
    number(shared);
    text(name.substr(shared));
    last_name_ = name;
  }

  void attribute(bool value) { fixed<std::uint8_t>(value ? 1 : 0); }
  void attribute(std::int64_t value) { number(fold(value)); }
  void attribute(float value) { fixed(std::bit_cast<std::uint32_t>(value)); }
  void attribute(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
  template <std::size_t N>
  void attribute(const std::array<std::int64_t, N>& values) {
    for (const std::int64_t value : values) attribute(value);
  }
  void attribute(const std::vector<std::int64_t>& values) {
    number(values.size());
    for (const std::int64_t value : values) attribute(value);
  }

  std::vector<std::byte> bytes;

 private:
  std::string last_name_;
};

void check_state(const Graph& graph, const TensorMap& state) {
  for (const auto& [name, tensor] : state) {
    const ParameterInfo* parameter = graph.find_parameter(name);
    if (parameter == nullptr) {
      refuse({graph.name(), name}, "is no parameter of the network", "");
    }
    if (tensor.dtype != DType::F32 || tensor.shape != parameter->shape ||
        tensor.f32().size() != static_cast<std::size_t>(element_count(parameter->shape))) {
      refuse({graph.name(), name},
             fmt::format("is {} {}, expected F32 {}", dtype_name(tensor.dtype),
                         to_string(tensor.shape), to_string(parameter->shape)),
             "");
    }
  }
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (!state.contains(parameter.name)) refuse({graph.name(), parameter.name}, "is missing", "");
  }
}

void write_parameter(Writer& out, const ParameterInfo& parameter, const HostTensor& tensor) {
  out.name(parameter.name);
  const auto role = std::ranges::find(plrd::kRoles, parameter.role) - plrd::kRoles.begin();
  out.fixed(static_cast<std::uint8_t>(role));
  out.attribute(parameter.selected);
  out.number(parameter.shape.size());
  for (const std::int64_t size : parameter.shape) out.number(static_cast<std::uint64_t>(size));
  write_packed(out.bytes, tensor.f32());
}

/// `values` numbers what nodes may use: the image, the parameters, the nodes so far.
void write_nodes(Writer& out, const Graph& graph) {
  std::unordered_map<std::string_view, std::uint64_t> values{{Graph::kInput, 0}};
  for (const ParameterInfo& parameter : graph.parameters())
    values.emplace(parameter.name, values.size());
  out.number(graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    out.name(node.name);
    out.text(operator_name(node.op));
    std::visit(
        [&out](const auto& op) {
          for_each_attribute(op, [&out](const auto& value) { out.attribute(value); });
        },
        node.op);
    out.number(node.inputs.size());
    for (const std::string& input : node.inputs) out.number(values.at(input));
    values.emplace(node.output, values.size());
  }
  out.number(values.at(graph.output()));
}

}  // namespace

std::vector<std::byte> encode_plrd(const Graph& graph, const TensorMap& state,
                                   const Metadata& metadata) {
  (void)graph.classes();  // an output there must be
  check_state(graph, state);
  Writer out;
  out.bytes = plrd::open_frame();
  out.number(metadata.size());
  for (const auto& [key, value] : metadata) {
    out.text(key);
    out.text(value);
  }
  out.text(graph.name());
  const ImageShape image = graph.input_shape();
  for (const std::int64_t size : {image.channels, image.height, image.width})
    out.number(static_cast<std::uint64_t>(size));
  out.number(graph.parameters().size());
  for (const ParameterInfo& parameter : graph.parameters())
    write_parameter(out, parameter, state.at(parameter.name));
  write_nodes(out, graph);

  plrd::close_frame(out.bytes);
  (void)decode_plrd(out.bytes, "the network as a .plrd file");  // what readers refuse, they say
  return std::move(out.bytes);
}

std::size_t write_plrd(const std::filesystem::path& path, const Graph& graph,
                       const TensorMap& state, const Metadata& metadata) {
  const std::vector<std::byte> bytes = encode_plrd(graph, state, metadata);
  write_file(path, bytes);
  return bytes.size();
}

}  // namespace pollard::sparse
