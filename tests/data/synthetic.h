// Small data sets and files for the tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/dataset.h"
#include "pollard/error.h"

namespace pollard::testing_data {

using Bytes = std::vector<std::uint8_t>;

/// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pollard-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

inline void append(Bytes& to, const Bytes& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

inline Bytes first_bytes(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

inline Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  Bytes out(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("deflate failed");
  return out;
}

/// in[y][x][c] = (37 y + 11 x + 5 c) mod 251 + 1: no pixel is 0, neighbours differ.
inline Bytes pattern_image(const ImageShape& shape) {
  Bytes pixels;
  for (std::int64_t y = 0; y < shape.height; ++y) {
    for (std::int64_t x = 0; x < shape.width; ++x) {
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        pixels.push_back(static_cast<std::uint8_t>((37 * y + 11 * x + 5 * c) % 251 + 1));
      }
    }
  }
  return pixels;
}

/// Image i is the pattern with i added (mod 256); its label is i mod classes.
inline MemoryDataset pattern_dataset(std::int64_t count, ImageShape shape = {3, 8, 8},
                                     std::int64_t classes = 10) {
  const Bytes first = pattern_image(shape);
  Bytes pixels;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    for (const std::uint8_t pixel : first) pixels.push_back(static_cast<std::uint8_t>(pixel + i));
    labels.push_back(i % classes);
  }
  return {shape, classes, std::move(pixels), std::move(labels)};
}

/// Expects an Error with the code, whose message holds `part` and whose hint holds `hint`.
template <typename Action>
void expect_error(ErrorCode code, const std::string& part, const std::string& hint, Action action) {
  try {
    action();
    ADD_FAILURE() << "no error, expected one with '" << part << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << one_line(error);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << one_line(error);
    EXPECT_NE(error.hint().find(hint), std::string::npos) << one_line(error);
  }
}

}  // namespace pollard::testing_data
