#include "graph/onnx/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

#include "graph/byte_cursor.h"
#include "graph/to_f32.h"
#include "pollard/error.h"

namespace pollard {
namespace {

static_assert(std::endian::native == std::endian::little, "raw data is copied as it lies");

constexpr int kMostDimensions = 8;
constexpr std::uint64_t kSmallRoom = 64 << 20;
constexpr std::uint64_t kGrowth = 1024;  // a sparse tensor of 0.03 % density grows so much
constexpr std::string_view kDamaged = "the file is damaged or not an ONNX model";

[[noreturn]] void fail(const std::string& name, const std::string& problem,
                       std::string_view hint = kDamaged) {
  throw Error(ErrorCode::Input, fmt::format("tensor '{}' {}", shortened(name), problem),
              std::string(hint));
}

template <typename Dims>
Shape checked_shape(const Dims& dims, const std::string& name) {
  if (dims.size() > kMostDimensions) {
    fail(name,
         fmt::format("has {} dimensions, at most {} are expected", dims.size(), kMostDimensions));
  }
  Shape shape(dims.begin(), dims.end()), bytes = shape;
  bytes.push_back(8);  // of the largest element
  try {
    (void)element_count(bytes);
  } catch (const Error&) {
    fail(name, "has an impossible shape " + to_string(shape));
  }
  return shape;
}

/// What the elements are in the file.
struct Element {
  int type;
  std::string_view name;
  std::size_t bytes;
  std::optional<DType> floats;  // their type where they are floats
  bool is_signed = true;
};

constexpr std::array kElements{
    Element{onnx::TensorProto::FLOAT, "float", 4, DType::F32},
    Element{onnx::TensorProto::DOUBLE, "double", 8, DType::F64},
    Element{onnx::TensorProto::FLOAT16, "float16", 2, DType::F16},
    Element{onnx::TensorProto::BFLOAT16, "bfloat16", 2, DType::BF16},
    Element{onnx::TensorProto::INT64, "int64", 8, {}},
    Element{onnx::TensorProto::INT32, "int32", 4, {}},
    Element{onnx::TensorProto::INT16, "int16", 2, {}},
    Element{onnx::TensorProto::INT8, "int8", 1, {}},
    Element{onnx::TensorProto::UINT8, "uint8", 1, {}, false},
    Element{onnx::TensorProto::UINT16, "uint16", 2, {}, false},
    Element{onnx::TensorProto::UINT32, "uint32", 4, {}, false},
    Element{onnx::TensorProto::BOOL, "bool", 1, {}, false},
};

const Element& element_of(const onnx::TensorProto& tensor) {
  const auto found = std::ranges::find(kElements, tensor.data_type(), &Element::type);
  if (found != kElements.end()) return *found;
  const std::string& name = onnx::TensorProto::DataType_Name(
      static_cast<onnx::TensorProto::DataType>(tensor.data_type()));
  fail(tensor.name(), fmt::format("is of type {}, expected floats or whole numbers",
                                  name.empty() ? std::to_string(tensor.data_type()) : name));
}

/// One whole number of `element.bytes` little-endian bytes.
std::int64_t whole_number(const char* bytes, const Element& element) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes, element.bytes);
  const std::size_t unused = 64 - 8 * element.bytes;
  if (!element.is_signed || unused == 0) return static_cast<std::int64_t>(bits);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

HostTensor from_raw(std::string_view raw, const Element& element, const Shape& shape) {
  if (element.floats) {
    HostTensor made = HostTensor::zeros(*element.floats, shape);
    if (!raw.empty()) std::memcpy(made.bytes.data(), raw.data(), raw.size());
    return to_f32(std::move(made));
  }
  HostTensor made = HostTensor::zeros(DType::I64, shape);
  for (std::size_t i = 0; i < raw.size() / element.bytes; ++i) {
    const std::int64_t number = whole_number(raw.data() + i * element.bytes, element);
    std::memcpy(made.bytes.data() + i * sizeof number, &number, sizeof number);
  }
  return made;
}

template <typename T, typename Field, typename Convert>
HostTensor from_field(const Field& field, DType type, const Shape& shape, const std::string& name,
                      Convert convert) {
  const std::int64_t count = element_count(shape);
  if (field.size() != count) {
    fail(name, fmt::format("holds {} elements, its shape {} needs {}", field.size(),
                           to_string(shape), count));
  }
  HostTensor made = HostTensor::zeros(type, shape);
  std::size_t at = 0;
  for (const auto item : field) {
    const T value = convert(item);
    std::memcpy(made.bytes.data() + at, &value, sizeof value);
    at += sizeof value;
  }
  return made;
}

/// From the field that ONNX has for the type.
HostTensor from_fields(const onnx::TensorProto& tensor, const Element& element,
                       const Shape& shape) {
  const std::string& name = tensor.name();
  const auto same = [](auto value) { return value; };
  const auto half = [](std::int32_t bits) {
    return half_to_float(static_cast<std::uint16_t>(bits));
  };
  const auto brain = [](std::int32_t bits) {
    return bfloat_to_float(static_cast<std::uint16_t>(bits));
  };
  const auto narrow = [](double value) { return static_cast<float>(value); };
  const auto whole = [](auto value) { return static_cast<std::int64_t>(value); };
  switch (element.type) {
    case onnx::TensorProto::FLOAT:
      return from_field<float>(tensor.float_data(), DType::F32, shape, name, same);
    case onnx::TensorProto::DOUBLE:
      return from_field<float>(tensor.double_data(), DType::F32, shape, name, narrow);
    case onnx::TensorProto::FLOAT16:
      return from_field<float>(tensor.int32_data(), DType::F32, shape, name, half);
    case onnx::TensorProto::BFLOAT16:
      return from_field<float>(tensor.int32_data(), DType::F32, shape, name, brain);
    case onnx::TensorProto::INT64:
      return from_field<std::int64_t>(tensor.int64_data(), DType::I64, shape, name, whole);
    case onnx::TensorProto::UINT32:
      return from_field<std::int64_t>(tensor.uint64_data(), DType::I64, shape, name, whole);
    default:
      return from_field<std::int64_t>(tensor.int32_data(), DType::I64, shape, name, whole);
  }
}

/// A whole number among a tensor's external_data; nothing where the key is absent.
std::optional<std::uint64_t> external_number(const onnx::TensorProto& tensor,
                                             std::string_view key) {
  std::optional<std::uint64_t> number;
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() != key) continue;
    std::uint64_t value = 0;
    const char* end = entry.value().data() + entry.value().size();
    const auto [stop, error] = std::from_chars(entry.value().data(), end, value);
    if (error != std::errc() || stop != end) {
      fail(tensor.name(), fmt::format("has external data of {} '{}', expected a whole number", key,
                                      shortened(entry.value())));
    }
    number = value;
  }
  return number;
}

}  // namespace

TensorReader::TensorReader(std::optional<std::filesystem::path> folder, std::uint64_t size)
    : folder_(std::move(folder)), room_(kSmallRoom + kGrowth * size) {}

void TensorReader::spend(std::uint64_t bytes) {
  if (bytes > room_) {
    throw Error(ErrorCode::Input, "together its tensors are many times the file",
                std::string(kDamaged));
  }
  room_ -= bytes;
}

HostTensor TensorReader::read(const onnx::TensorProto& tensor) {
  const std::string& name = tensor.name();
  const Element& element = element_of(tensor);
  const Shape shape = checked_shape(tensor.dims(), name);
  const auto count = static_cast<std::uint64_t>(element_count(shape));
  const std::uint64_t needed = count * element.bytes;
  if (tensor.has_segment()) fail(name, "is a segment of a tensor", "save the model in one piece");
  spend(count * (element.floats ? 4 : 8));
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    return from_raw(external_bytes(tensor, needed), element, shape);
  }
  if (!tensor.has_raw_data()) return from_fields(tensor, element, shape);
  if (tensor.raw_data().size() != needed) {
    fail(name, fmt::format("holds {} bytes, its shape {} needs {}", tensor.raw_data().size(),
                           to_string(shape), needed));
  }
  return from_raw(tensor.raw_data(), element, shape);
}

// Indices are flat, or one row of a place in each dimension for each value.
HostTensor TensorReader::read(const onnx::SparseTensorProto& tensor) {
  const std::string& name = tensor.values().name();
  const Shape shape = checked_shape(tensor.dims(), name);
  const HostTensor values = read(tensor.values()), indices = read(tensor.indices());
  const auto count = static_cast<std::size_t>(element_count(values.shape));
  const auto all = static_cast<std::uint64_t>(element_count(shape));
  if (indices.dtype != DType::I64) fail(name, "has indices that are no whole numbers");
  const bool flat = indices.shape.size() == 1;
  const std::size_t columns = flat ? 1 : shape.size();
  if (values.shape.size() != 1 || indices.i64().size() != count * columns ||
      (!flat && indices.shape.size() != 2)) {
    fail(name, fmt::format("of shape {} has {} values and indices {}", to_string(shape), count,
                           to_string(indices.shape)));
  }
  const std::size_t item = byte_size(values.dtype);
  spend(all * item);
  HostTensor made = HostTensor::zeros(values.dtype, shape);
  std::int64_t last = -1;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t place = flat ? indices.i64()[i] : 0;
    for (std::size_t d = 0; !flat && d < columns; ++d) {
      const std::int64_t index = indices.i64()[i * columns + d];
      if (index < 0 || index >= shape[d]) fail(name, "has an index outside its shape");
      place = place * shape[d] + index;
    }
    if (place <= last || static_cast<std::uint64_t>(place) >= all) {
      fail(name, "has indices that do not rise within its shape");
    }
    last = place;
    std::memcpy(made.bytes.data() + static_cast<std::size_t>(place) * item,
                values.bytes.data() + i * item, item);
  }
  return made;
}

// ---- external data ------------------------------------------------------------------------------

std::filesystem::path TensorReader::external_file(const onnx::TensorProto& tensor,
                                                  const std::string& location) {
  namespace fs = std::filesystem;
  constexpr std::string_view hint = "external data must lie in the model's folder";
  const std::string shown = shortened(location.c_str());  // a zero byte would end messages
  const fs::path relative(location);
  const bool leaves =
      relative.is_absolute() || std::ranges::find(relative, fs::path("..")) != relative.end();
  if (!folder_) fail(tensor.name(), "has its data in another file", "read the model from its file");
  if (location.empty() || location.find('\0') != std::string::npos || leaves) {
    fail(tensor.name(), fmt::format("has its data in '{}', outside the model's folder", shown),
         hint);
  }
  std::error_code error;
  const fs::path folder = fs::canonical(folder_->empty() ? fs::path(".") : *folder_, error);
  const fs::path file = fs::canonical(folder / relative, error);
  if (error || !fs::is_regular_file(file, error)) {
    fail(tensor.name(), fmt::format("has its data in '{}', which is no file", shown),
         "keep the model together with its files of data");
  }
  if (std::ranges::mismatch(folder, file).in1 != folder.end()) {  // by a link
    fail(tensor.name(), fmt::format("has its data in '{}', outside the model's folder", shown),
         hint);
  }
  if (!external_.contains(file)) {
    const std::uint64_t size = fs::file_size(file, error);
    if (error)
      fail(tensor.name(), fmt::format("has its data in '{}', which cannot be read", shown));
    external_.emplace(file, size);
    room_ += 2 * size;
  }
  return file;
}

std::string TensorReader::external_bytes(const onnx::TensorProto& tensor, std::uint64_t needed) {
  std::string location;
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
  }
  const std::filesystem::path path = external_file(tensor, location);
  const std::uint64_t size = external_.at(path);
  const std::uint64_t offset = external_number(tensor, "offset").value_or(0);
  const std::uint64_t length = external_number(tensor, "length").value_or(needed);
  if (length != needed) {
    fail(tensor.name(),
         fmt::format("has {} bytes of external data, its shape needs {}", length, needed));
  }
  if (offset > size || length > size - offset) {
    fail(tensor.name(), fmt::format("needs the bytes {} to {} of '{}', which has {}", offset,
                                    offset + length, shortened(location), size));
  }
  std::string bytes(length, '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  if (!in.read(bytes.data(), static_cast<std::streamsize>(length))) {
    fail(tensor.name(), fmt::format("cannot be read from '{}'", shortened(location)));
  }
  return bytes;
}

}  // namespace pollard
