#include "graph/gzip_size.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "pollard/error.h"

namespace pollard {

std::size_t gzip_size(std::span<const std::byte> bytes) {
  constexpr int window = 15 + 16;                        // with gzip's header
  constexpr std::size_t largest = std::size_t{1} << 30;  // zlib counts with 32 bits
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw Error(ErrorCode::Internal, "zlib does not start");
  }
  std::size_t size = 0;
  unsigned char piece[1 << 14];
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (stream.avail_in == 0) {
      const auto next = bytes.first(std::min(bytes.size(), largest));
      bytes = bytes.subspan(next.size());
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(next.data()));
      stream.avail_in = static_cast<uInt>(next.size());
    }
    stream.next_out = piece;
    stream.avail_out = sizeof piece;
    status = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    size += sizeof piece - stream.avail_out;
  }
  deflateEnd(&stream);
  return size;
}

}  // namespace pollard
