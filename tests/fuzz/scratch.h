// Files for readers that take paths; in memory where the system has a place for that.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace pollard::fuzz {

/// A folder of the process, which goes when it ends well.
class Scratch {
 public:
  Scratch() {
    std::filesystem::path place = "/dev/shm";
    if (::access(place.c_str(), W_OK) != 0) place = std::filesystem::temp_directory_path();
    path_ = place / ("pollard-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace pollard::fuzz
