// Tensors at rest: what files, graphs and masks hold. No LibTorch; the executor converts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

using Shape = std::vector<std::int64_t>;

/// Number of elements; 1 for a scalar (empty shape). Throws Error{Input} if it overflows or a size
/// is negative.
[[nodiscard]] std::int64_t element_count(std::span<const std::int64_t> shape);

/// "[16, 3, 3, 3]"
[[nodiscard]] std::string to_string(std::span<const std::int64_t> shape);

/// The size of an image, without the batch.
struct ImageShape {
  std::int64_t channels = 0, height = 0, width = 0;
  bool operator==(const ImageShape&) const = default;
};

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

[[nodiscard]] std::size_t byte_size(DType type);
[[nodiscard]] std::string_view dtype_name(DType type);  // as in safetensors: "F32", "BOOL", ...

/// A dense, contiguous, row-major tensor in host memory.
struct HostTensor {
  DType dtype = DType::F32;
  Shape shape;
  std::vector<std::byte> bytes;  // element_count(shape) * byte_size(dtype)

  [[nodiscard]] static HostTensor zeros(DType dtype, Shape shape);
  [[nodiscard]] static HostTensor from_floats(Shape shape, std::span<const float> values);

  /// Views of the elements; throw Error{Input} if the type is another.
  [[nodiscard]] std::span<float> f32();
  [[nodiscard]] std::span<const float> f32() const;
  [[nodiscard]] std::span<std::uint8_t> u8();
  [[nodiscard]] std::span<const std::uint8_t> u8() const;
  [[nodiscard]] std::span<const std::int64_t> i64() const;

  bool operator==(const HostTensor&) const = default;
};

/// Tensors by name, in byte order of the names (so files written from it are reproducible).
using TensorMap = std::map<std::string, HostTensor>;

}  // namespace pollard
