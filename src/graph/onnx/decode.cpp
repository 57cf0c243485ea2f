// Reading goes backwards once, for the nodes that the output depends on, and forwards once, turning
// each of these into constants or into nodes of the network. What a node that failed would have
// made is unknown; nodes that depend on it are passed over, so that each problem is named once.

#include "graph/onnx/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "graph/byte_cursor.h"
#include "graph/onnx/encode.h"
#include "graph/onnx/fold.h"
#include "graph/onnx/operators.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 23;
constexpr std::int64_t kAnyBatch = 0x5EED0FBA7C4;  // a size that no file has
constexpr std::size_t kMostNamed = 20;
constexpr const char* kDamaged = "the file is damaged or not an ONNX model";

using Uses = std::map<std::string, int, std::less<>>;

std::string named(const std::string& name) { return fmt::format("'{}'", shortened(name)); }

std::int64_t opset_of(const onnx::ModelProto& model) {
  std::int64_t opset = 0;
  for (const onnx::OperatorSetIdProto& entry : model.opset_import()) {
    if (entry.domain().empty() || entry.domain() == "ai.onnx") opset = entry.version();
  }
  if (opset < kOldestOpset || opset > kNewestOpset) {
    unusable(fmt::format("its operators are those of opset {}, expected {} to {}", opset,
                         kOldestOpset, kNewestOpset),
             "export it with opset_version=13");
  }
  return opset;
}

// ---- input and output ---------------------------------------------------------------------------

/// Sizes of the input; 0 where the file leaves them open.
struct InputShape {
  std::string name;
  Shape sizes;
};

InputShape read_input(const onnx::ValueInfoProto& input) {
  const onnx::TypeProto::Tensor& type = input.type().tensor_type();
  const int element = type.elem_type();
  if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::FLOAT16 &&
      element != onnx::TensorProto::DOUBLE && element != onnx::TensorProto::BFLOAT16) {
    unusable(fmt::format("its input {} does not hold floats", named(input.name())));
  }
  InputShape read{input.name(), {}};
  for (const auto& dimension : type.shape().dim()) {
    if (read.sizes.size() > 4) break;
    read.sizes.push_back(std::max<std::int64_t>(dimension.dim_value(), 0));
  }
  if (read.sizes.size() != 4 && read.sizes.size() != 2) {
    unusable(fmt::format("its input {} has {} dimensions, expected images (N,C,H,W) or rows (N,K)",
                         named(read.name), read.sizes.size()));
  }
  return read;
}

ImageShape image_shape(const InputShape& input, ImageShape images) {
  const Shape& sizes = input.sizes;
  if (sizes.size() == 2) {
    const std::int64_t all = images.channels * images.height * images.width;
    if (all > 0 && (sizes[1] == 0 || sizes[1] == all)) return images;
    if (sizes[1] > 0) return {sizes[1], 1, 1};
  } else {
    const auto chosen = [](std::int64_t size, std::int64_t open) { return size > 0 ? size : open; };
    const ImageShape shape{chosen(sizes[1], images.channels), chosen(sizes[2], images.height),
                           chosen(sizes[3], images.width)};
    if (shape.channels > 0 && shape.height > 0 && shape.width > 0) return shape;
  }
  unusable(fmt::format("its input {} has no fixed size", named(input.name)),
           "export it with fixed channels, height and width; only the batch may be dynamic");
}

// ---- the graph ----------------------------------------------------------------------------------

class Decoder {
 public:
  Decoder(const onnx::ModelProto& model, TensorReader& tensors, ImageShape images)
      : proto_(model.graph()),
        tensors_(tensors),
        opset_(opset_of(model)),
        ours_(model.producer_name() == kProducer) {
    name_initializers();
    input_ = the_input();
    name_values();
    if (proto_.output_size() != 1) {
      unusable(fmt::format("it has {} outputs, expected one", proto_.output_size()),
               "export the network with one output, its logits");
    }
    image_ = image_shape(input_, images);
  }

  OnnxModel decode() {
    mark_needed();
    NetworkBuilder network(image_, ours_, tensors_);
    add_input(network);
    const std::int64_t batch = input_.sizes[0] > 0 ? input_.sizes[0] : kAnyBatch;
    OnnxContext context{network, tensors_, uses_, batch};
    for (const int index : needed_) read_node(proto_.node(index), context);
    if (!problems_.empty()) report();
    const OnnxValue* output = find_value(output_name());
    if (output == nullptr || !std::holds_alternative<std::string>(*output)) {
      unusable(fmt::format("its output {} does not depend on the images", named(output_name())));
    }
    const std::string name = proto_.name().empty() ? "network" : plain_name(proto_.name());
    Graph graph = network.build(name, std::get<std::string>(*output));
    return {std::move(graph), network.take_state(), {}, {}, input_.name, output_name()};
  }

 private:
  // ---- names: each is given once ----

  void name_initializers() {
    const auto add = [this](const std::string& name, const auto* tensor, auto& map) {
      const bool twice = dense_.contains(name) || sparse_.contains(name);
      if (twice) unusable(fmt::format("the initialiser {} is there twice", named(name)), kDamaged);
      map.emplace(name, tensor);
    };
    for (const auto& tensor : proto_.initializer()) add(tensor.name(), &tensor, dense_);
    for (const auto& tensor : proto_.sparse_initializer()) {
      add(tensor.values().name(), &tensor, sparse_);
    }
  }

  /// The one that is no initialiser (before IR version 4 these were inputs too).
  InputShape the_input() {
    const onnx::ValueInfoProto* found = nullptr;
    for (const onnx::ValueInfoProto& input : proto_.input()) {
      if (dense_.contains(input.name()) || sparse_.contains(input.name())) continue;
      if (found != nullptr) {
        unusable(fmt::format("it has several inputs, {} and {}, expected one", named(found->name()),
                             named(input.name())),
                 "networks that take images alone are supported");
      }
      found = &input;
    }
    if (found == nullptr) unusable("it has no input", kDamaged);
    return read_input(*found);
  }

  void name_values() {
    const auto add = [this](const std::string& name, int node) {
      const bool twice = name == input_.name || dense_.contains(name) || sparse_.contains(name) ||
                         !makers_.emplace(name, node).second;
      if (twice) unusable(fmt::format("the value {} is made twice", named(name)), kDamaged);
    };
    for (int i = 0; i < proto_.node_size(); ++i) {
      if (proto_.node(i).output_size() == 0) {
        unusable(fmt::format("{} has no output", node_label(proto_.node(i))), kDamaged);
      }
      for (const std::string& output : proto_.node(i).output()) {
        if (!output.empty()) add(output, i);
      }
    }
  }

  [[nodiscard]] const std::string& output_name() const { return proto_.output(0).name(); }

  // ---- what the output depends on ----

  void mark_needed() {
    std::vector<bool> needed(static_cast<std::size_t>(proto_.node_size()));
    const auto need = [&](const std::string& value, int before) {
      ++uses_[value];
      const auto maker = makers_.find(value);
      if (maker == makers_.end()) return;
      if (maker->second >= before) {
        unusable(fmt::format("{} uses {}, which only a later node makes",
                             node_label(proto_.node(before)), named(value)),
                 "the nodes of an ONNX file must be in topological order, without cycles");
      }
      needed[static_cast<std::size_t>(maker->second)] = true;
    };
    need(output_name(), proto_.node_size());
    for (int i = proto_.node_size(); i-- > 0;) {
      if (!needed[static_cast<std::size_t>(i)]) continue;
      needed_.push_back(i);
      for (const std::string& input : proto_.node(i).input()) {
        if (!input.empty()) need(input, i);
      }
    }
    std::ranges::reverse(needed_);
  }

  void add_input(NetworkBuilder& network) {
    std::string value(Graph::kInput);
    if (input_.sizes.size() == 2) value = network.add_node("input.flatten", Flatten{}, {value});
    values_.emplace(input_.name, value);
  }

  // ---- nodes ----

  /// Null for what a node that failed would have made. Throws where nothing makes it.
  const OnnxValue* find_value(const std::string& name) {
    if (const auto found = values_.find(name); found != values_.end()) return &found->second;
    std::optional<HostTensor> tensor;
    if (const auto found = dense_.find(name); found != dense_.end()) {
      tensor = tensors_.read(*found->second);
    } else if (const auto sparse = sparse_.find(name); sparse != sparse_.end()) {
      tensor = tensors_.read(*sparse->second);
    } else if (failed_.contains(name)) {
      return nullptr;
    } else if (makers_.contains(name)) {
      unusable(fmt::format("it uses {}, which is not the first output of its node", named(name)));
    } else {
      unusable(fmt::format("nothing makes its input {}", named(name)), kDamaged);
    }
    Constant constant{std::make_shared<const HostTensor>(std::move(*tensor)), name};
    return &values_.emplace(name, std::move(constant)).first->second;
  }

  void read_node(const onnx::NodeProto& proto, OnnxContext& context) {
    const auto fail = [&] { failed_.insert(proto.output().begin(), proto.output().end()); };
    const std::string label = node_label(proto);
    try {
      const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
      const std::string& op = proto.op_type();
      if (!standard || (find_conversion(op) == nullptr && !is_folded(op))) {
        unsupported_.insert(op);
        unusable(standard
                     ? "the operator is not supported"
                     : fmt::format("operators of {} are not supported", named(proto.domain())));
      }
      std::vector<const OnnxValue*> inputs;
      for (const std::string& input : proto.input()) {
        inputs.push_back(input.empty() ? nullptr : find_value(input));
        if (!input.empty() && inputs.back() == nullptr) return fail();
      }
      OnnxNode node(proto, std::move(inputs), opset_);
      OnnxValue value = convert(node, context);
      node.check_all_known();
      values_.insert_or_assign(proto.output(0), std::move(value));
    } catch (const Error& error) {
      fail();
      std::string_view problem = error.what();
      if (problem.starts_with(label + ": ")) problem.remove_prefix(label.size() + 2);
      problems_.push_back(fmt::format("{}: {}", label, problem));
      if (hint_.empty()) hint_ = error.hint();
    }
  }

  OnnxValue convert(OnnxNode& node, OnnxContext& context) {
    const std::string& op = node.proto().op_type();
    bool constant = true;
    for (std::size_t i = 0; i < node.input_count(); ++i) {
      constant = constant && (!node.has_input(i) || node.is_constant(i));
    }
    if (constant && is_folded(op)) return fold(node, tensors_);
    if (op == "Shape") {
      Shape shape = context.network.shape(node.value(0));
      shape[0] = context.batch;
      return shape_constant(node, shape);
    }
    const OnnxConversion conversion = find_conversion(op);
    if (conversion == nullptr) unusable("only what does not depend on the images is computed so");
    return conversion(node, context);
  }

  [[noreturn]] void report() {
    std::string text;
    for (std::size_t i = 0; i < std::min(problems_.size(), kMostNamed); ++i) {
      text += (i == 0 ? "" : "; ") + problems_[i];
    }
    if (problems_.size() > kMostNamed) {
      text += fmt::format("; and {} more", problems_.size() - kMostNamed);
    }
    if (unsupported_.contains("Softmax") || unsupported_.contains("LogSoftmax")) {
      hint_ = "export the network without its softmax: training has that in its loss";
    } else if (!unsupported_.empty()) {
      hint_ = "supported are " + supported_operators();
    }
    unusable(fmt::format("{} of its nodes cannot be read: {}", problems_.size(), text), hint_);
  }

  const onnx::GraphProto& proto_;
  TensorReader& tensors_;
  std::int64_t opset_;
  bool ours_;
  std::map<std::string, const onnx::TensorProto*> dense_;
  std::map<std::string, const onnx::SparseTensorProto*> sparse_;
  std::map<std::string, int> makers_;  // of values, among the nodes
  InputShape input_;
  ImageShape image_;
  Uses uses_;
  std::vector<int> needed_;  // nodes, in order
  std::map<std::string, OnnxValue> values_;
  std::set<std::string> failed_;  // what nodes with problems would have made
  std::vector<std::string> problems_;
  std::set<std::string, std::less<>> unsupported_;
  std::string hint_;
};

}  // namespace

OnnxModel decode_model(const onnx::ModelProto& model, TensorReader& tensors, ImageShape images) {
  if (!model.has_graph()) unusable("it holds no graph", kDamaged);
  OnnxModel decoded = Decoder(model, tensors, images).decode();
  for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
    decoded.metadata.insert_or_assign(entry.key(), entry.value());
  }
  decoded.producer = model.producer_name();
  if (!model.producer_version().empty()) decoded.producer += " " + model.producer_version();
  return decoded;
}

}  // namespace pollard
