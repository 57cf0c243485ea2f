// The bytes of a file in order, gunzipped on the way where it begins as gzip files do.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pollard {

class ByteSource {
 public:
  /// Throws Error{Io} if the file cannot be read.
  explicit ByteSource(std::filesystem::path path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Fills `out`. Throws Error{Input}, naming the file, if it is damaged or ends before.
  void read(std::span<std::uint8_t> out);
  /// Throws Error{Input} unless everything has been read (and, for gzip, its checksum is right).
  void expect_end();
  /// No more than this many bytes are left: an announced size can be judged before room is made for
  /// it.
  [[nodiscard]] std::uint64_t most_left() const;

 private:
  std::size_t read_plain(std::span<std::uint8_t> out);
  std::size_t read_gzip(std::span<std::uint8_t> out);
  std::size_t inflate_step(std::span<std::uint8_t> out);
  std::size_t read_some(std::span<std::uint8_t> out);
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  std::vector<std::byte> raw_;
  std::size_t position_ = 0;  // in raw_
  std::uint64_t delivered_ = 0;
  bool gzip_ = false;
  bool stream_ended_ = false;
  z_stream stream_{};
};

}  // namespace pollard
