// Tar archives and pickles for the tests, written byte by byte.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/synthetic.h"

namespace pollard::testing_data {

/// A header and the content, filled up to whole blocks.
inline Bytes tar_member(const std::string& name, const Bytes& content, char type = '0',
                        const std::string& prefix = "") {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  const auto octal = [](std::size_t value, int digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%0*zo", digits, value);
    return std::string(text);
  };
  put(0, name);
  put(100, "0000644");
  put(124, octal(content.size(), 11));
  put(148, "        ");
  header[156] = type;
  put(257, "ustar");
  put(263, "00");
  put(345, prefix);
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<std::uint8_t>(c);
  put(148, octal(sum, 6) + '\0');
  Bytes out = to_bytes(header);
  append(out, content);
  out.resize((out.size() + 511) / 512 * 512);
  return out;
}

inline Bytes tar_archive(const std::vector<std::pair<std::string, Bytes>>& members) {
  Bytes out;
  for (const auto& [name, content] : members) append(out, tar_member(name, content));
  out.resize(out.size() + 1024);
  return out;
}

/// The pickle that Python 2 makes of CIFAR's batches, by protocol 2.
struct CifarPickle {
  std::string labels_key = "labels";
  std::vector<int> labels;
  Bytes planes;  // 3072 an image
  int rows = -1, columns = 3072;
  bool as_bytes = false;  // Python 3: the planes by BINBYTES, the keys as texts

  [[nodiscard]] Bytes file() const {
    Bytes out = to_bytes("\x80\x02}q\x01(");
    const auto text = [&](const std::string& value) {
      out.push_back(as_bytes ? 0x8c : 'U');
      out.push_back(static_cast<std::uint8_t>(value.size()));
      append(out, to_bytes(value));
    };
    const auto number = [&](std::uint32_t value, char opcode) {
      out.push_back(static_cast<std::uint8_t>(opcode));
      for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    };
    text("batch_label");
    text("training batch 1 of 5");
    text(labels_key);
    append(out, to_bytes("]q\x02("));
    for (const int label : labels) number(static_cast<std::uint32_t>(label), 'J');
    out.push_back('e');
    text("data");
    append(out, to_bytes("cnumpy.core.multiarray\n_reconstruct\nq\x03"
                         "cnumpy\nndarray\n"));
    append(out, {'K', 0, 0x85, 'U', 1, 'b', 0x87, 'R'});
    append(out, {'(', 'K', 1});
    number(static_cast<std::uint32_t>(rows < 0 ? static_cast<int>(labels.size()) : rows), 'J');
    number(static_cast<std::uint32_t>(columns), 'J');
    out.push_back(0x86);
    append(out, to_bytes("cnumpy\ndtype\n"));
    append(out, {'U', 2, 'u', '1', 'K', 0, 'K', 1, 0x87, 'R'});
    append(out, {'(', 'K', 3,   'U', 1,   '|', 'N', 'N', 'N', 'J', 255, 255,
                 255, 255, 'J', 255, 255, 255, 255, 'K', 0,   't', 'b'});
    out.push_back(0x89);
    number(static_cast<std::uint32_t>(planes.size()), as_bytes ? 'B' : 'T');
    append(out, planes);
    append(out, {'t', 'b', 'u', '.'});
    return out;
  }
};

}  // namespace pollard::testing_data
