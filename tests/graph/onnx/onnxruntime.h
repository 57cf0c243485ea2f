// ONNX Runtime as an independent reader of what we write (run_model.js). It is there where
// POLLARD_ONNXRUNTIME names what scripts/fetch-onnxruntime.sh laid out.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "pollard/tensor.h"
#include "support/temporary_folder.h"

namespace pollard::test {

/// Its folder, or "" where there is none.
inline std::string onnxruntime_folder() {
  const char* folder = std::getenv("POLLARD_ONNXRUNTIME");
  return folder == nullptr ? "" : folder;
}

constexpr const char* kNoOnnxruntime =
    "POLLARD_ONNXRUNTIME is not set: scripts/fetch-onnxruntime.sh prints a folder for it";

/// The outputs for `images`, N x C x H x W.
inline std::vector<float> run_onnxruntime(const std::filesystem::path& model, ImageShape shape,
                                          std::span<const float> images, std::int64_t batch) {
  const TemporaryFolder folder;
  write_file(folder / "images", std::as_bytes(images));
  const std::string command = "node '" POLLARD_RUN_MODEL "' '" + onnxruntime_folder() + "' '" +
                              model.string() + "' '" + (folder / "images").string() + "' '" +
                              (folder / "outputs").string() + "' " +
                              std::to_string(shape.channels) + "," + std::to_string(shape.height) +
                              "," + std::to_string(shape.width) + " " + std::to_string(batch);
  EXPECT_EQ(std::system(command.c_str()), 0);
  const std::vector<std::byte> bytes = read_bytes(folder / "outputs");
  std::vector<float> outputs(bytes.size() / sizeof(float));
  std::memcpy(outputs.data(), bytes.data(), bytes.size());
  return outputs;
}

}  // namespace pollard::test
