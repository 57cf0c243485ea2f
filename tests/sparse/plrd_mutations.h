// Hostile .plrd files: what lies within a file's frame, changed in ways that a reader must survive,
// in a frame that fits again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <random>
#include <vector>

#include "sparse/plrd_frame.h"

namespace pollard::test {

using Bytes = std::vector<std::byte>;

inline Bytes content_of(const Bytes& file) {
  const auto content = sparse::plrd::check_frame(file, "file");
  return {content.begin(), content.end()};
}

/// With a header and a checksum that fit, so that the content itself is read.
inline Bytes framed(const Bytes& content) {
  Bytes bytes = sparse::plrd::open_frame();
  for (const std::byte byte : content) bytes.push_back(byte);
  sparse::plrd::close_frame(bytes);
  return bytes;
}

inline Bytes mutated(Bytes content, std::mt19937& random) {
  const auto below = [&random](std::size_t count) {
    return random() % std::max<std::size_t>(count, 1);
  };
  constexpr int telling[] = {0, 1, 2, 0x7F, 0x80, 0x81, 0xFF};
  for (std::size_t edits = 1 + below(3); edits > 0 && !content.empty(); --edits) {
    const std::size_t at = below(content.size());
    const auto place = content.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = std::min(1 + below(20), content.size() - at);
    const auto end = place + static_cast<std::ptrdiff_t>(length);
    switch (below(7)) {
      case 0:
        *place = std::byte(random());
        break;
      case 1:
        *place = std::byte(telling[below(std::size(telling))]);
        break;
      case 2:
        *place ^= std::byte{1} << below(8);
        break;
      case 3: {  // a number of many bytes: huge counts and sizes
        const Bytes number(1 + below(10), std::byte{0xFF});
        content.insert(place, number.begin(), number.end());
        break;
      }
      case 4:
        content.erase(place, end);
        break;
      case 5: {  // repeated: duplicates of names, nodes, tensors
        const Bytes piece(place, end);
        content.insert(content.begin() + static_cast<std::ptrdiff_t>(below(content.size())),
                       piece.begin(), piece.end());
        break;
      }
      default:
        content.resize(at);
    }
  }
  return content;
}

}  // namespace pollard::test
