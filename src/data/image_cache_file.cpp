#include "data/image_cache_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <exception>
#include <thread>

#include "core/hash.h"
#include "core/part_file.h"
#include "core/threads.h"
#include "data/framing.h"
#include "data/image_decoder.h"
#include "pollard/dataset.h"
#include "pollard/error.h"

namespace pollard {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHashDigits = 32, kPicturesAThread = 32;

struct Header {
  char magic[8] = {'P', 'L', 'R', 'D', 'P', 'I', 'X', '\n'};
  std::uint32_t version = kVersion, shorter_side = 0;
  std::uint64_t images = 0, index = 0;
  char key[kHashDigits] = {};
  char hash[kHashDigits] = {};
};
static_assert(sizeof(Header) == 96);

std::string index_hash(const Header& header, std::span<const std::byte> index) {
  const auto bytes = std::as_bytes(std::span(&header, 1)).first(offsetof(Header, hash));
  return Hasher().add(bytes).add(index).hex();
}

// What becomes of one file.
struct Decoded {
  std::vector<std::uint8_t> pixels;
  CachedPicture picture;
  std::string reason;
};

void decode(const ImageList& list, std::size_t index, std::int64_t shorter_side,
            ImageDecoder& decoder, Decoded& out) {
  out.picture = {};
  out.pixels.clear();
  try {
    const auto framing = [&](std::int64_t width, std::int64_t height) {
      return resized_whole(width, height, shorter_side);
    };
    decoder.read(list.folder / list.images[index].name, framing, out.pixels);
    out.picture.width = static_cast<std::uint32_t>(decoder.width());
    out.picture.height = static_cast<std::uint32_t>(decoder.height());
    out.picture.hash = pixel_hash(out.pixels);
  } catch (const UnusableImage& error) {
    out.reason = error.what();
    std::ranges::replace(out.reason, '\n', ' ');
  }
}

// Pictures first, first + 1, ... by the threads of `decoders`.
void decode_some(const ImageList& list, std::size_t first, std::int64_t shorter_side,
                 std::vector<ImageDecoder>& decoders, std::span<Decoded> out) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(decoders.size());
  const auto work = [&](std::size_t thread) {
    try {
      for (std::size_t i = next++; i < out.size(); i = next++)
        decode(list, first + i, shorter_side, decoders[thread], out[i]);
    } catch (...) {
      errors[thread] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < decoders.size(); ++i) threads.emplace_back(work, i);
    work(0);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace

std::uint64_t pixel_hash(std::span<const std::uint8_t> pixels) {
  return hash64({reinterpret_cast<const char*>(pixels.data()), pixels.size()});
}

std::string cache_key(const ImageList& list, std::int64_t shorter_side) {
  return Hasher().add(fingerprint(list)).add(fmt::format("{} {}", kVersion, shorter_side)).hex();
}

std::span<const std::uint8_t> CacheFile::pixels(const CachedPicture& picture) const {
  const auto bytes =
      file.bytes().subspan(picture.offset, std::size_t{3} * picture.width * picture.height);
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

void write_cache(const std::filesystem::path& path, const ImageList& list,
                 std::int64_t shorter_side, Progress& progress) {
  PartFile file(path);
  Header header;
  file.append(std::as_bytes(std::span(&header, 1)));
  std::vector<ImageDecoder> decoders(static_cast<std::size_t>(available_threads()));
  std::vector<Decoded> decoded(kPicturesAThread * decoders.size());
  std::vector<CachedPicture> pictures;
  std::string reasons;
  const std::size_t count = list.images.size();
  progress.begin("decode", static_cast<std::int64_t>(count), 0);
  for (std::size_t first = 0; first < count; first += decoded.size()) {
    const auto some = std::span(decoded).first(std::min(decoded.size(), count - first));
    decode_some(list, first, shorter_side, decoders, some);
    for (Decoded& one : some) {
      one.picture.offset = file.size();
      file.append(std::as_bytes(std::span(one.pixels)));
      pictures.push_back(one.picture);
      if (one.picture.width == 0) reasons += one.reason + '\n';
    }
    progress.advance(static_cast<std::int64_t>(pictures.size()), "");
  }
  header.shorter_side = static_cast<std::uint32_t>(shorter_side);
  header.images = count;
  header.index = file.size();
  std::ranges::copy(cache_key(list, shorter_side), header.key);
  std::vector<std::byte> index(pictures.size() * sizeof(CachedPicture) + reasons.size());
  std::memcpy(index.data(), pictures.data(), pictures.size() * sizeof(CachedPicture));
  std::memcpy(index.data() + pictures.size() * sizeof(CachedPicture), reasons.data(),
              reasons.size());
  std::ranges::copy(index_hash(header, index), header.hash);
  file.append(index);
  file.write_at(0, std::as_bytes(std::span(&header, 1)));
  file.publish();
  progress.end("");
}

std::optional<CacheFile> open_cache(const std::filesystem::path& path, std::string_view key,
                                    std::size_t images, std::string& why) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return why = "is not there yet", std::nullopt;
  CacheFile cache{MappedFile(path), {}, {}};
  const std::span<const std::byte> bytes = cache.file.bytes();
  Header header;
  if (bytes.size() < sizeof(header)) return why = "is truncated", std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, Header().magic, sizeof(header.magic)) != 0)
    return why = "is not a cache of pictures", std::nullopt;
  if (header.version != kVersion) {
    return why = fmt::format("is of version {}, not {}", header.version, kVersion), std::nullopt;
  }
  if (std::string_view(header.key, kHashDigits) != key)
    return why = "is of other files, or of the files as they were", std::nullopt;
  const std::size_t table = images * sizeof(CachedPicture);
  if (header.images != images || header.index > bytes.size() || bytes.size() - header.index < table)
    return why = "is truncated", std::nullopt;
  const auto index = bytes.subspan(header.index);
  if (std::string_view(header.hash, kHashDigits) != index_hash(header, index))
    return why = "is damaged", std::nullopt;
  cache.pictures.resize(images);
  std::memcpy(cache.pictures.data(), index.data(), table);
  for (const CachedPicture& one : cache.pictures) {
    const std::uint64_t size = std::uint64_t{3} * one.width * one.height;
    if (one.offset > header.index || size > header.index - one.offset)
      return why = "is damaged", std::nullopt;
  }
  std::string_view lines(reinterpret_cast<const char*>(index.data()) + table, index.size() - table);
  while (!lines.empty()) {
    cache.reasons.emplace_back(lines.substr(0, lines.find('\n')));
    lines.remove_prefix(std::min(lines.size(), lines.find('\n') + 1));
  }
  return cache;
}

}  // namespace pollard
