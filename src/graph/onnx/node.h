// A node of an ONNX file while it is read: its inputs as they are known by now, and its attributes.
// Whatever does not fit throws Error{Input} with the problem alone; the reader says where.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

[[noreturn]] void unusable(const std::string& problem, const std::string& hint = {});

/// What was meant by a float: the shortest decimal number that rounds to it (1e-5f is 1e-5).
[[nodiscard]] double shortest_decimal(float value);

/// A tensor that does not depend on the images. F32 or I64.
struct Constant {
  std::shared_ptr<const HostTensor> tensor;
  std::string name;  // in the file
};

/// The name of a value in the network, or a constant.
using OnnxValue = std::variant<std::string, Constant>;

class OnnxNode {
 public:
  /// `inputs`: one for each of the file's; null where it leaves one out.
  OnnxNode(const onnx::NodeProto& proto, std::vector<const OnnxValue*> inputs, std::int64_t opset);

  [[nodiscard]] const onnx::NodeProto& proto() const { return proto_; }
  [[nodiscard]] std::int64_t opset() const { return opset_; }
  /// "Conv '/conv1/Conv'"
  [[nodiscard]] const std::string& label() const { return label_; }

  // ---- inputs; outside the list none is given ----
  [[nodiscard]] std::size_t input_count() const { return inputs_.size(); }
  [[nodiscard]] bool has_input(std::size_t index) const;
  [[nodiscard]] bool is_constant(std::size_t index) const;
  [[nodiscard]] const std::string& value(std::size_t index) const;
  [[nodiscard]] const Constant& constant(std::size_t index) const;
  [[nodiscard]] std::vector<std::int64_t> whole_numbers(std::size_t index) const;
  [[nodiscard]] float number(std::size_t index) const;

  // ---- attributes; each that is asked for counts as known ----
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback);
  /// As shortest_decimal() has it.
  [[nodiscard]] double real(std::string_view name, double fallback);
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback);
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view name);
  [[nodiscard]] const onnx::TensorProto* tensor(std::string_view name);
  void ignore(std::string_view name) { known_.emplace(name); }
  /// Throws where there are attributes that nobody asked for.
  void check_all_known() const;

  /// What older opsets have as an attribute and newer ones as an input; nothing where neither is.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view name,
                                                                  std::size_t input);
  [[nodiscard]] std::optional<float> number(std::string_view name, std::size_t input);

 private:
  const onnx::AttributeProto* find(std::string_view name, int type);

  const onnx::NodeProto& proto_;
  std::vector<const OnnxValue*> inputs_;
  std::int64_t opset_;
  std::string label_;
  std::set<std::string, std::less<>> known_;
};

/// As messages call a node.
[[nodiscard]] std::string node_label(const onnx::NodeProto& proto);

}  // namespace pollard
