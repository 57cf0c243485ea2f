#include "data/tar_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kLongestName = 1 << 16;

struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kMagic{257, 5}, kPrefix{345, 155};
constexpr std::size_t kType = 156;

template <typename Header>
std::string_view field(const Header& header, Field place) {
  return {reinterpret_cast<const char*>(header.data()) + place.at, place.size};
}

std::string_view text(std::string_view field) { return field.substr(0, field.find('\0')); }

// Digits to the base 8, with spaces before them, and a space or zero byte behind.
std::optional<std::uint64_t> octal(std::string_view field) {
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(field.begin(), field.end(), value, 8);
  if (error != std::errc() || (end != field.end() && *end != ' ' && *end != '\0')) return {};
  return value;
}

// "27 path=folder/file\n" and other such lines.
std::string pax_path(std::string_view records) {
  std::string path;
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.begin(), records.end(), length);
    const auto digits = static_cast<std::size_t>(end - records.begin());
    if (error != std::errc() || length <= digits + 1 || length > records.size()) return {};
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    if (record.starts_with("path=")) path = record.substr(5);
    records.remove_prefix(length);
  }
  return path;
}

}  // namespace

TarReader::TarReader(const std::filesystem::path& path) : path_(path), source_(path) {}

void TarReader::fail(const std::string& what) const {
  throw Error(ErrorCode::Input, fmt::format("'{}' {}", path_.string(), what),
              "get a fresh copy of the file");
}

// The sum of all bytes of the header, those of the checksum taken as spaces.
void TarReader::check(const Header& header) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool inside = i >= kChecksum.at && i < kChecksum.at + kChecksum.size;
    sum += inside ? ' ' : header[i];
  }
  if (octal(field(header, kChecksum)) == sum) return;
  fail(members_ == 0
           ? std::string("is not a tar archive, gzipped or plain")
           : fmt::format("is damaged: the header behind its member {} is wrong", members_));
}

std::uint64_t TarReader::size_of(const Header& header) const {
  const std::string_view digits = field(header, kSize);
  if ((header[kSize.at] & 0x80) == 0) {
    if (const auto size = octal(digits)) return *size;
    fail(fmt::format("is damaged: the size of its member {} is no number", members_ + 1));
  }
  std::uint64_t size = header[kSize.at] & 0x7f;
  for (std::size_t i = 1; i < kSize.size; ++i) {
    if (size >> 55 != 0) fail("is damaged: a member of over 2^63 bytes");
    size = size << 8 | header[kSize.at + i];
  }
  return size;
}

void TarReader::skip(std::uint64_t bytes) {
  std::array<std::uint8_t, 1 << 14> scratch;
  while (bytes > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(bytes, scratch.size());
    source_.read(std::span(scratch).first(piece));
    bytes -= piece;
  }
}

std::optional<TarReader::Member> TarReader::next() {
  std::string long_name;
  for (;;) {
    skip(left_ + padding_);
    left_ = padding_ = 0;
    Header header;
    source_.read(header);
    if (std::ranges::all_of(header, [](std::uint8_t byte) { return byte == 0; })) {
      if (members_ == 0) fail("is a tar archive without files");
      return {};
    }
    check(header);
    const char type = static_cast<char>(header[kType]);
    const std::uint64_t size = type >= '1' && type <= '6' ? 0 : size_of(header);  // links, folders
    if (size > source_.most_left()) {
      fail(fmt::format("is truncated: it cannot hold the {} bytes of '{}'", size,
                       text(field(header, kName))));
    }
    left_ = size;
    padding_ = (kBlock - size % kBlock) % kBlock;
    ++members_;
    if (type == 'L') {
      long_name = text(read_name("name"));
    } else if (type == 'x') {
      const std::string path = pax_path(read_name("pax header"));
      if (!path.empty()) long_name = path;
    } else if (type == '0' || type == '\0') {
      std::string name(text(field(header, kName)));
      const std::string_view prefix = text(field(header, kPrefix));
      if (field(header, kMagic) == "ustar" && !prefix.empty() && header[kMagic.at + 5] == '\0')
        name = fmt::format("{}/{}", prefix, name);
      return Member{long_name.empty() ? name : long_name, size};
    } else {
      long_name.clear();
    }
  }
}

std::string TarReader::read_name(std::string_view what) {
  if (left_ > kLongestName) fail(fmt::format("is damaged: a {} of {} bytes", what, left_));
  const std::vector<std::byte> bytes = read(kLongestName);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::byte> TarReader::read(std::uint64_t most) {
  if (left_ > most) {
    fail(fmt::format("has a member of {} bytes where at most {} are expected", left_, most));
  }
  std::vector<std::byte> bytes(left_);
  source_.read({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  left_ = 0;
  return bytes;
}

}  // namespace pollard
