#include <fmt/format.h>

#include <limits>

#include "core/files.h"
#include "graph/onnx/decode.h"
#include "pollard/error.h"

namespace pollard {
namespace {

OnnxModel decode(std::span<const std::byte> bytes, std::optional<std::filesystem::path> folder,
                 std::string_view origin, ImageShape images) {
  try {
    onnx::ModelProto model;
    if (bytes.size() > std::numeric_limits<std::int32_t>::max() ||
        !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      throw Error(ErrorCode::Input, "it is no ONNX model",
                  "the file is damaged or of another kind");
    }
    TensorReader tensors(std::move(folder), bytes.size());
    return decode_model(model, tensors, images);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", origin, error.what()),
                error.hint().empty()
                    ? "docs/onnx.md has what is read; otherwise the file is damaged"
                    : error.hint());
  }
}

}  // namespace

OnnxModel read_onnx(const std::filesystem::path& path, ImageShape images) {
  return decode(read_bytes(path), path.parent_path(), path.string(), images);
}

OnnxModel decode_onnx(std::span<const std::byte> bytes, std::string_view origin,
                      ImageShape images) {
  return decode(bytes, std::nullopt, origin, images);
}

bool is_named_as_onnx(std::string_view name) { return name.ends_with(".onnx"); }

}  // namespace pollard
