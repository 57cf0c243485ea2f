#include "pollard/pytorch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "core/files.h"
#include "graph/byte_cursor.h"
#include "graph/pickle.h"
#include "graph/state_dict.h"
#include "graph/zip_archive.h"

namespace pollard {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kZipMagic = "PK\x03\x04";
// 0x1950a86a20f9469cfc6c, as the ten bytes of a pickled number.
constexpr std::string_view kOldMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::size_t kOldMagicEnd = 32;  // behind protocol, frame and opcode
constexpr std::int64_t kOldProtocol = 1001;
constexpr char kProtocolOpcode = '\x80';

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// How many bytes of tensors a file may stand for: tensors that share a storage, or are expanded
/// from a few elements, make it more than the file.
std::uint64_t room_for(Bytes file) { return (std::uint64_t{64} << 20) + 16 * file.size(); }

std::optional<std::uint64_t> byte_count(const pickle::Storage& storage) {
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(storage.count), storage.type->item_bytes,
                             &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

[[noreturn]] void refuse_size(std::string_view origin, const pickle::Storage& storage,
                              const std::string& found) {
  refuse(origin, fmt::format("storage '{}' has {}, expected {} of a torch.{}", storage.key, found,
                             storage.count, storage.type->name));
}

[[noreturn]] void refuse_big_endian(std::string_view origin) {
  refuse(origin, "was written on a big-endian machine, expected little-endian numbers",
         "save it again on a little-endian machine");
}

// ---- the zip archive --------------------------------------------------------------------------

/// The one folder of the archive, with its slash.
std::string find_prefix(const ZipArchive& archive, std::string_view origin) {
  constexpr std::string_view pickle_name = "/data.pkl";
  std::optional<std::string> prefix;
  for (const auto& entry : archive.entries()) {
    const std::string_view name = entry.first;
    if (!name.ends_with(pickle_name) || name.find('/') != name.size() - pickle_name.size())
      continue;
    if (prefix) refuse(origin, "the zip archive has several data.pkl, expected one");
    prefix = name.substr(0, name.size() - pickle_name.size() + 1);
  }
  if (!prefix) refuse(origin, "the zip archive has no NAME/data.pkl");
  if (archive.entries().contains(*prefix + "constants.pkl")) {
    refuse(origin, "is a TorchScript program, expected a state_dict",
           "in Python: torch.save(torch.jit.load(FILE).state_dict(), OTHER_FILE)");
  }
  return *prefix;
}

TensorMap decode_zip(Bytes bytes, std::string_view origin) {
  ZipArchive archive(bytes, origin);
  const std::string prefix = find_prefix(archive, origin);
  if (archive.entries().contains(prefix + "byteorder") &&
      text_of(archive.read(prefix + "byteorder")) != "little") {
    refuse_big_endian(origin);
  }
  ByteCursor in(archive.read(prefix + "data.pkl"), fmt::format("{}: data.pkl", origin));
  const pickle::Unpickled pickled = pickle::unpickle(in);
  const auto data = [&](const pickle::Storage& storage) {
    const Bytes found = archive.read(fmt::format("{}data/{}", prefix, storage.key));
    if (found.size() != byte_count(storage)) {
      refuse_size(origin, storage, fmt::format("{} bytes", found.size()));
    }
    return found;
  };
  return read_state(pickled, data, room_for(bytes), origin);
}

// ---- the format before ------------------------------------------------------------------------

void check_old_header(ByteCursor& in, std::string_view origin) {
  (void)pickle::unpickle(in);  // the magic number
  const pickle::Unpickled protocol = pickle::unpickle(in);
  const auto* number = protocol.heap.get<std::int64_t>(protocol.root);
  if (number == nullptr || *number != kOldProtocol) {
    in.fail(fmt::format("the protocol {} was expected", kOldProtocol));
  }
  const pickle::Unpickled system = pickle::unpickle(in);
  const auto* fields = system.heap.get<pickle::Dict>(system.root);
  const auto order = fields == nullptr ? std::nullopt : system.heap.find(*fields, "little_endian");
  const bool* little = order ? system.heap.get<bool>(*order) : nullptr;
  if (little == nullptr) in.fail("the order of bytes (little_endian) was expected");
  if (!*little) refuse_big_endian(origin);
}

std::map<std::string_view, Bytes> read_old_storages(const pickle::Unpickled& pickled,
                                                    ByteCursor& in, std::string_view origin) {
  std::map<std::string_view, const pickle::Storage*> named;
  for (const auto& storage : pickled.storages) named.emplace(storage->key, storage.get());
  const pickle::Unpickled keys = pickle::unpickle(in);
  const auto* list = keys.heap.get<pickle::Sequence>(keys.root);
  if (list == nullptr) in.fail("the list of the storages' keys was expected");
  std::map<std::string_view, Bytes> data;
  for (const pickle::Ref item : list->items) {
    const auto* key = keys.heap.get<pickle::Text>(item);
    const auto found = key == nullptr ? named.end() : named.find(key->text);
    if (found == named.end()) in.fail("the key of a storage was expected, but it is not known");
    const pickle::Storage& storage = *found->second;
    const std::uint64_t count = in.u64();
    const std::optional<std::uint64_t> size = byte_count(storage);
    if (count != static_cast<std::uint64_t>(storage.count) || !size) {
      refuse_size(origin, storage, fmt::format("{} elements", count));
    }
    data.insert_or_assign(storage.key, in.take(*size));
  }
  return data;
}

TensorMap decode_old(Bytes bytes, std::string_view origin) {
  ByteCursor in(bytes, origin);
  check_old_header(in, origin);
  const pickle::Unpickled pickled = pickle::unpickle(in);
  const std::map<std::string_view, Bytes> storages = read_old_storages(pickled, in, origin);
  const auto data = [&](const pickle::Storage& storage) {
    const auto found = storages.find(storage.key);
    if (found == storages.end()) refuse_size(origin, storage, "no data");
    // Another may have had the same key.
    if (found->second.size() != byte_count(storage)) {
      refuse_size(origin, storage, fmt::format("{} bytes", found->second.size()));
    }
    return found->second;
  };
  return read_state(pickled, data, room_for(bytes), origin);
}

bool is_zip(Bytes bytes) { return text_of(bytes).starts_with(kZipMagic); }

bool is_old(Bytes bytes) {
  return text_of(bytes).starts_with(kProtocolOpcode) &&
         text_of(bytes).substr(0, kOldMagicEnd).find(kOldMagic) != std::string_view::npos;
}

}  // namespace

bool is_named_as_pytorch(std::string_view name) {
  constexpr std::array<std::string_view, 3> endings{".pt", ".pth", ".th"};
  return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

bool is_pytorch(std::span<const std::byte> bytes) { return is_zip(bytes) || is_old(bytes); }

TensorMap decode_pytorch(std::span<const std::byte> bytes, std::string_view origin) {
  if (is_zip(bytes)) return decode_zip(bytes, origin);
  if (is_old(bytes)) return decode_old(bytes, origin);
  refuse(origin,
         "is no file of torch.save: it begins neither as a zip archive nor with its number");
}

TensorMap read_pytorch(const std::filesystem::path& path) {
  return decode_pytorch(read_bytes(path), path.string());
}

Safetensors decode_weights(std::span<const std::byte> bytes, std::string_view origin) {
  if (is_pytorch(bytes)) return {decode_pytorch(bytes, origin), {}};
  // A safetensors file may have any name; of what is neither kind, the name says what was meant.
  const bool has_header = bytes.size() > 8 && bytes[8] == std::byte{'{'};
  if (!has_header && is_named_as_pytorch(origin)) return {decode_pytorch(bytes, origin), {}};
  return decode_safetensors(bytes, origin);
}

Safetensors read_weights(const std::filesystem::path& path) {
  return decode_weights(read_bytes(path), path.string());
}

}  // namespace pollard
