#include "core/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {

// Two processes may write the same file.
PartFile::PartFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
  temporary_ += fmt::format(".{}.part", ::getpid());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("write");
}

PartFile::~PartFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void PartFile::fail(const char* doing) const {
  throw Error(ErrorCode::Io,
              fmt::format("cannot {} '{}': {}", doing, temporary_.string(), std::strerror(errno)));
}

void PartFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void PartFile::append(std::span<const std::byte> bytes) {
  write_at(size_, bytes);
  size_ += bytes.size();
}

std::filesystem::path PartFile::finish() {
  if (::fsync(descriptor_) != 0) fail("flush");
  ::close(std::exchange(descriptor_, -1));
  return temporary_;
}

void PartFile::publish() { pollard::publish(finish(), path_); }

}  // namespace pollard
