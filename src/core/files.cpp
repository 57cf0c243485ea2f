#include "core/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/part_file.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPart = ".part";

[[noreturn]] void fail(const std::string& doing, const fs::path& path, int error) {
  throw Error(ErrorCode::Io,
              "cannot " + doing + " '" + path.string() + "': " + std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

void sync_folder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) ::fsync(fd.get());
}

fs::path write_beside(const fs::path& path, std::span<const std::byte> content) {
  PartFile file(path);
  file.append(content);
  return file.finish();
}

void publish(const fs::path& temporary, const fs::path& path) {
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail("replace", path, errno);
  sync_folder(parent_of(path));
}

void write_file(const fs::path& path, std::span<const std::byte> content) {
  publish(write_beside(path, content), path);
}

void write_file(const fs::path& path, std::string_view content) {
  write_file(path, std::as_bytes(std::span(content.data(), content.size())));
}

std::vector<std::byte> read_bytes(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) fail("open", path, errno);
  if (fs::is_directory(path)) fail("read", path, EISDIR);
  std::vector<std::byte> content;
  std::error_code ignored;
  if (const auto size = fs::file_size(path, ignored); !ignored) content.reserve(size + 1);
  for (;;) {
    const std::size_t have = content.size();
    // One byte more than the size was reserved: the last, empty read finds room without copying
    // all.
    const std::size_t spare = content.capacity() - have;
    const std::size_t room = spare > 0 ? spare : std::size_t{1} << 16;
    content.resize(have + room);
    const ssize_t got = ::read(fd.get(), content.data() + have, room);
    if (got < 0 && errno != EINTR) fail("read", path, errno);
    content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return content;
  }
}

std::string read_text(const fs::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void make_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(ErrorCode::Io,
                "cannot create the folder '" + folder.string() + "'" +
                    (error ? ": " + error.message() : ": a file of that name is in the way"),
                "choose another with out=DIR");
  }
  const fs::path probe = folder / ".writable";
  fs::path probe_part;
  try {
    probe_part = write_beside(probe, {});
  } catch (const Error& failure) {
    throw Error(ErrorCode::Io,
                "cannot write into the folder '" + folder.string() + "': " + failure.what(),
                "choose another with out=DIR");
  }
  fs::remove(probe_part, error);
}

void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == kPart) fs::remove(entry.path(), error);
  }
}

}  // namespace pollard
