// Files of torch.save put together by hand, byte by byte: both formats, whole or wrong on purpose.
#pragma once

#include <zlib.h>

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pollard/tensor.h"

namespace pollard::test {

/// The little-endian bytes of numbers.
template <typename T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (values.size() > 0) std::memcpy(bytes.data(), std::data(values), bytes.size());
  return bytes;
}
template <typename T>
std::string raw(T value) {
  return raw<T>({value});
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// ---- opcodes ----------------------------------------------------------------------------------

namespace op {

inline std::string global(std::string_view module, std::string_view name) {
  return std::string("c").append(module).append("\n").append(name).append("\n");
}
inline std::string text(std::string_view value) {
  return std::string("X") + raw(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
/// LONG1, which holds any of 64 bits.
inline std::string whole(std::int64_t value) { return std::string("\x8a\x08") + raw(value); }
inline std::string tuple(const std::vector<std::string>& items) {
  std::string made = "(";
  for (const std::string& item : items) made += item;
  return made + "t";
}
inline std::string whole_tuple(const Shape& numbers) {
  std::vector<std::string> items;
  for (const std::int64_t number : numbers) items.push_back(whole(number));
  return tuple(items);
}
/// callable(*items)
inline std::string call(const std::string& callable, const std::vector<std::string>& items) {
  return callable + tuple(items) + "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string made = "}(";
  for (const auto& [key, value] : entries) made += text(key) + value;
  return made + "u";
}

struct Storage {
  std::string type, key;
  std::int64_t count = 0;
  std::string view = "";  // a sixth field, as the format before 1.6 has
};

inline std::string storage(const Storage& storage) {
  std::vector<std::string> id = {text("storage"), global("torch", storage.type), text(storage.key),
                                 text("cpu"), whole(storage.count)};
  if (!storage.view.empty()) id.push_back(storage.view);
  return tuple(id) + "Q";
}

inline std::string tensor(const Storage& of, std::int64_t offset, const Shape& sizes,
                          const Shape& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {storage(of), whole(offset), whole_tuple(sizes), whole_tuple(strides), "\x89",
               call(global("collections", "OrderedDict"), {})});
}

}  // namespace op

/// With protocol and STOP.
inline std::string pickled(const std::string& value) { return "\x80\x02" + value + "."; }

// ---- files ------------------------------------------------------------------------------------

using Parts = std::vector<std::pair<std::string, std::string>>;  // names and contents, in order

enum class Zip64 { No, Yes };

/// An archive of stored entries, its checksums right.
inline std::string zip_file(const Parts& entries, Zip64 zip64 = Zip64::No) {
  using U16 = std::uint16_t;
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  const bool wide = zip64 == Zip64::Yes;
  const U32 elsewhere = 0xFFFFFFFF;
  std::string file, directory;
  for (const auto& [name, content] : entries) {
    const auto size = static_cast<U32>(content.size()), header = static_cast<U32>(file.size());
    const auto crc = static_cast<U32>(
        crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    const auto length = static_cast<U16>(name.size());
    const std::string padding = std::string("FB") + raw<U16>(3) + "ZZZ";  // as PyTorch aligns data
    file += raw<U32>(0x04034b50) + raw<U16>({0, 0, 0, 0, 0}) + raw<U32>({crc, size, size}) +
            raw<U16>({length, static_cast<U16>(padding.size())}) + name + padding + content;
    const std::string extra =
        wide ? raw<U16>({1, 24}) + raw<U64>({size, size, header}) : std::string();
    directory += raw<U32>(0x02014b50) + raw<U16>({0, 0, 0, 0, 0, 0}) + raw(crc) +
                 (wide ? raw<U32>({elsewhere, elsewhere}) : raw<U32>({size, size})) +
                 raw<U16>({length, static_cast<U16>(extra.size()), 0, 0, 0}) + raw<U32>(0) +
                 raw(wide ? elsewhere : header) + name + extra;
  }
  const U64 begin = file.size(), size = directory.size(), count = entries.size();
  file += directory;
  if (wide) {
    const U64 end = file.size();
    file += raw<U32>(0x06064b50) + raw<U64>(44) + raw<U16>({0, 0}) + raw<U32>({0, 0}) +
            raw<U64>({count, count, size, begin});
    file += raw<U32>({0x07064b50, 0}) + raw(end) + raw<U32>(1);
  }
  const auto narrow = static_cast<U16>(count);
  return file + raw<U32>(0x06054b50) + raw<U16>({0, 0, narrow, narrow}) +
         (wide ? raw<U32>({elsewhere, elsewhere})
               : raw<U32>({static_cast<U32>(size), static_cast<U32>(begin)})) +
         raw<U16>(0);
}

/// As torch.save writes since 1.6. `storages`: the bytes by key.
inline std::string new_file(const std::string& pickle,
                            const std::map<std::string, std::string>& storages,
                            Zip64 zip64 = Zip64::No) {
  Parts entries = {{"net/data.pkl", pickle}, {"net/byteorder", "little"}};
  for (const auto& [key, content] : storages) entries.emplace_back("net/data/" + key, content);
  entries.emplace_back("net/version", "3\n");
  return zip_file(entries, zip64);
}

inline std::string old_header(bool little_endian = true) {
  return pickled("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickled(op::whole(1001)) +
         pickled(op::dict({{"protocol_version", op::whole(1001)},
                           {"little_endian", little_endian ? "\x88" : "\x89"}}));
}

/// As torch.save wrote before. `storages`: number of elements and bytes by key.
inline std::string old_file(
    const std::string& pickle,
    const std::map<std::string, std::pair<std::int64_t, std::string>>& storages) {
  std::string keys = "](", data;
  for (const auto& [key, content] : storages) {
    keys += op::text(key);
    data += raw(content.first) + content.second;
  }
  return old_header() + pickle + pickled(keys + "e") + data;
}

/// A checkpoint {"epoch": 3, "state_dict": tensors}, under names with a prefix. F32 only.
inline std::string checkpoint_of(const TensorMap& tensors, const std::string& prefix = "") {
  std::vector<std::pair<std::string, std::string>> entries;
  std::map<std::string, std::string> storages;
  for (const auto& [name, tensor] : tensors) {
    Shape strides(tensor.shape.size(), 1);
    for (std::size_t d = strides.size(); d > 1; --d) {
      strides[d - 2] = strides[d - 1] * tensor.shape[d - 1];
    }
    const std::string key = std::to_string(storages.size());
    const op::Storage storage{"FloatStorage", key, element_count(tensor.shape)};
    entries.emplace_back(prefix + name, op::tensor(storage, 0, tensor.shape, strides));
    storages[key] = {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()};
  }
  return new_file(pickled(op::dict({{"epoch", op::whole(3)}, {"state_dict", op::dict(entries)}})),
                  storages);
}

}  // namespace pollard::test
