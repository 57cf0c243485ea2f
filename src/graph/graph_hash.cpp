// XXH3 over the graph in its order of building, each list after its length.
#include "graph/graph_hash.h"

#include <array>
#include <span>

#include "core/hash.h"
#include "graph/attributes.h"

namespace pollard {
namespace {

class GraphHasher {
 public:
  template <typename Number>
  void add(Number value) {
    hasher_.add(std::as_bytes(std::span(&value, 1)));
  }
  template <std::size_t N>
  void add(const std::array<std::int64_t, N>& values) {
    hasher_.add(std::as_bytes(std::span(values)));
  }
  void add(const std::vector<std::int64_t>& values) {
    hasher_.add(std::as_bytes(std::span(values)));
  }
  void add(const std::string& text) { hasher_.add(std::string_view(text)); }

  void add(const Node& node) {
    add(node.name);
    hasher_.add(operator_name(node.op));
    std::visit(
        [this](const auto& op) {
          for_each_attribute(op, [this](const auto& value) { add(value); });
        },
        node.op);
    add(node.inputs.size());
    for (const std::string& input : node.inputs) add(input);
    add(node.output);
  }

  [[nodiscard]] std::string hex() const { return hasher_.hex(); }

 private:
  Hasher hasher_;
};

}  // namespace

std::string graph_hash(const Graph& graph) {
  GraphHasher hasher;
  const auto [channels, height, width] = graph.input_shape();
  hasher.add(std::array{channels, height, width});
  hasher.add(graph.parameters().size());
  for (const ParameterInfo& parameter : graph.parameters()) {
    hasher.add(parameter.name);
    hasher.add(parameter.shape);
    hasher.add(parameter.role);
  }
  hasher.add(graph.nodes().size());
  for (const Node& node : graph.nodes()) hasher.add(node);
  hasher.add(graph.output());
  return hasher.hex();
}

}  // namespace pollard
