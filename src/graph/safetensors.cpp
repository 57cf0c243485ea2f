// Safetensors, read with suspicion. The header goes through JSON's events first, so that duplicate
// keys and deep nesting never reach the tree; then each tensor is checked by itself; then all
// together must tile the data without holes or overlaps; only then is anything copied.

#include "pollard/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "core/files.h"
#include "graph/byte_cursor.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "data is copied as it lies in the file");

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr int kDeepest = 3;  // file, tensor, shape

[[noreturn]] void fail(std::string_view origin, const std::string& problem) {
  throw Error(ErrorCode::Input, fmt::format("{}: {}", origin, problem),
              "the file is damaged or not a safetensors file");
}

[[noreturn]] void fail(std::string_view origin, std::string_view tensor,
                       const std::string& problem) {
  fail(origin, fmt::format("tensor '{}' {}", tensor, problem));
}

// ---- writing ----------------------------------------------------------------------------------

std::string quoted(const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw Error(ErrorCode::Input, "a name or text for a safetensors file is not valid UTF-8");
  }
}

std::string metadata_entry(const std::map<std::string, std::string>& metadata) {
  std::string entry;
  for (const auto& [key, value] : metadata) {
    entry += fmt::format("{}{}:{}", entry.empty() ? "" : ",", quoted(key), quoted(value));
  }
  return fmt::format("\"{}\":{{{}}}", kMetadata, entry);
}

std::string tensor_entry(const std::string& name, const HostTensor& tensor, std::size_t begin) {
  const auto expected =
      static_cast<std::size_t>(element_count(tensor.shape)) * byte_size(tensor.dtype);
  if (tensor.bytes.size() != expected) {
    throw Error(ErrorCode::Internal, fmt::format("tensor '{}' holds {} bytes, its shape needs {}",
                                                 name, tensor.bytes.size(), expected));
  }
  return fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                     quoted(name), dtype_name(tensor.dtype), fmt::join(tensor.shape, ","), begin,
                     begin + expected);
}

std::string encode_header(const Safetensors& content) {
  std::string entries;
  const auto add = [&entries](const std::string& entry) {
    if (!entries.empty()) entries += ',';
    entries += entry;
  };
  if (!content.metadata.empty()) add(metadata_entry(content.metadata));
  std::size_t begin = 0;
  for (const auto& [name, tensor] : content.tensors) {
    if (name == kMetadata) {
      throw Error(ErrorCode::Input, fmt::format("a tensor cannot be named '{}'", name));
    }
    add(tensor_entry(name, tensor, begin));
    begin += tensor.bytes.size();
  }
  std::string header = "{" + entries + "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return header;
}

// ---- reading ----------------------------------------------------------------------------------

/// A tensor as the header tells of it.
struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t begin, end;  // within the data
};

/// The tree of the header. While parsing, refuses what the tree would hide: repeated keys.
Json parse_header(std::string_view text, std::string_view origin) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kDeepest) fail(origin, "the header is nested too deeply");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      fail(origin, fmt::format("'{}' appears twice in the header", value.get<std::string>()));
    }
    return true;
  };
  // The parser takes a zero byte for the end and would not look at what follows.
  if (text.find('\0') != std::string_view::npos) fail(origin, "the header holds a zero byte");
  try {
    return Json::parse(text, check);
  } catch (const Json::parse_error& error) {
    fail(origin, fmt::format("the header is not valid JSON at byte {}", error.byte));
  } catch (const Json::exception&) {  // a number that no type holds
    fail(origin, "the header holds a value out of range");
  }
}

std::optional<DType> parse_dtype(const Json& value) {
  using enum DType;
  constexpr std::array types{F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool};
  if (!value.is_string()) return std::nullopt;
  const auto found = std::ranges::find(types, value.get_ref<const std::string&>(), dtype_name);
  return found == types.end() ? std::nullopt : std::optional(*found);
}

/// A whole number from 0 to 2^63 - 1.
std::optional<std::int64_t> parse_size(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  const auto size = value.get<std::uint64_t>();
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(size);
}

std::optional<Shape> parse_sizes(const Json& value) {
  if (!value.is_array()) return std::nullopt;
  Shape sizes;
  for (const Json& item : value) {
    const std::optional<std::int64_t> size = parse_size(item);
    if (!size) return std::nullopt;
    sizes.push_back(*size);
  }
  return sizes;
}

std::uint64_t needed_bytes(const Entry& tensor, std::string_view origin) {
  std::int64_t bytes = 0;
  try {
    bytes = element_count(tensor.shape);
  } catch (const Error& error) {
    fail(origin, tensor.name, fmt::format("is too large: {}", error.what()));
  }
  if (__builtin_mul_overflow(bytes, static_cast<std::int64_t>(byte_size(tensor.dtype)), &bytes)) {
    fail(origin, tensor.name, "is too large: shape " + to_string(tensor.shape));
  }
  return static_cast<std::uint64_t>(bytes);
}

Entry decode_entry(const std::string& name, const Json& entry, std::uint64_t data_size,
                   std::string_view origin) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry.contains("shape") || !entry.contains("data_offsets")) {
    fail(origin, name, "needs exactly dtype, shape and data_offsets");
  }
  const std::optional<DType> dtype = parse_dtype(entry["dtype"]);
  if (!dtype) fail(origin, name, "has an unknown dtype, " + shortened(entry["dtype"].dump()));
  const std::optional<Shape> shape = parse_sizes(entry["shape"]);
  if (!shape) fail(origin, name, "has an impossible shape, " + shortened(entry["shape"].dump()));
  const std::optional<Shape> offsets = parse_sizes(entry["data_offsets"]);
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    fail(origin, name, "has impossible data_offsets, " + shortened(entry["data_offsets"].dump()));
  }
  Entry tensor{name, *dtype, *shape, static_cast<std::uint64_t>((*offsets)[0]),
               static_cast<std::uint64_t>((*offsets)[1])};
  if (tensor.end > data_size) {
    fail(origin, name,
         fmt::format("ends at byte {} of the data, the file holds {}", tensor.end, data_size));
  }
  const std::uint64_t size = tensor.end - tensor.begin;
  if (const std::uint64_t needed = needed_bytes(tensor, origin); needed != size) {
    fail(origin, name,
         fmt::format("has {} bytes, {} {} needs {}", size, dtype_name(*dtype),
                     shortened(entry["shape"].dump()), needed));
  }
  return tensor;
}

void check_tiling(std::vector<Entry>& entries, std::uint64_t data_size, std::string_view origin) {
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
  std::uint64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin < position) fail(origin, entry.name, "overlaps the one before it");
    if (entry.begin > position) {
      fail(origin, entry.name,
           fmt::format("leaves {} unused bytes before it", entry.begin - position));
    }
    position = entry.end;
  }
  if (position != data_size) {
    fail(origin, fmt::format("{} bytes follow the last tensor", data_size - position));
  }
}

std::map<std::string, std::string> decode_metadata(const Json& entry, std::string_view origin) {
  if (!entry.is_object()) fail(origin, fmt::format("'{}' is not an object", kMetadata));
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) fail(origin, fmt::format("'{}' of {} is not a text", key, kMetadata));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

std::uint64_t decode_length(std::span<const std::byte> bytes, std::string_view origin) {
  if (bytes.size() < kLengthBytes) {
    fail(origin, fmt::format("only {} bytes, too short for a safetensors file", bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kLongestHeader) {
    fail(origin,
         fmt::format("a header of {} bytes, at most {} are allowed", length, kLongestHeader));
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(origin, fmt::format("a header of {} bytes, but only {} follow", length,
                             bytes.size() - kLengthBytes));
  }
  return length;
}

}  // namespace

std::vector<std::byte> encode_safetensors(const Safetensors& content) {
  const std::string header = encode_header(content);
  const std::uint64_t length = header.size();
  std::vector<std::byte> bytes;
  const auto append = [&bytes](const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), first, first + size);
  };
  append(&length, sizeof length);
  append(header.data(), header.size());
  for (const auto& entry : content.tensors) {
    append(entry.second.bytes.data(), entry.second.bytes.size());
  }
  return bytes;
}

Safetensors decode_safetensors(std::span<const std::byte> bytes, std::string_view origin) {
  const std::uint64_t length = decode_length(bytes, origin);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) fail(origin, "the header is not a JSON object");
  const Json header = parse_header(text, origin);
  Safetensors content;
  std::vector<Entry> entries;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      content.metadata = decode_metadata(entry, origin);
    } else {
      entries.push_back(decode_entry(name, entry, data.size(), origin));
    }
  }
  check_tiling(entries, data.size(), origin);
  for (Entry& entry : entries) {
    const auto piece = data.subspan(entry.begin, entry.end - entry.begin);
    content.tensors.emplace(
        std::move(entry.name),
        HostTensor{entry.dtype, std::move(entry.shape), {piece.begin(), piece.end()}});
  }
  return content;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content) {
  write_file(path, encode_safetensors(content));
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return decode_safetensors(read_bytes(path), path.string());
}

}  // namespace pollard
