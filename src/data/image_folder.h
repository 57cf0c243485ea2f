// Data sets of picture files. Which pixels of a picture are looked at is one thing for all of them;
// where these come from is not: ImageFolder decodes the file whenever it is asked.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/image_decoder.h"
#include "data/image_list.h"
#include "data/pool.h"
#include "pollard/dataset.h"

namespace pollard {

/// Pictures that read() and read_part() give as size x size pixels (framing.h).
struct PictureSizes {
  std::int64_t size = 224, shorter_side = 256;
};
/// Throws Error{Config} for sizes that cannot be.
void check_sizes(const PictureSizes& sizes);

/// What went wrong with which image, from any thread.
class ProblemList {
 public:
  void add(std::int64_t index, std::string what);
  [[nodiscard]] std::vector<std::string> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::string> problems_;
};

class PictureDataset : public Dataset {
 public:
  /// Throws Error{Config} as check_sizes().
  PictureDataset(ImageList list, const PictureSizes& sizes);
  [[nodiscard]] std::int64_t size() const override;
  [[nodiscard]] std::int64_t classes() const override;
  [[nodiscard]] ImageShape image_shape() const override;
  [[nodiscard]] std::int64_t label(std::int64_t index) const override;
  void read(std::int64_t index, std::span<std::uint8_t> out) const override;
  void read_part(std::int64_t index, double smallest, RandomStream chance,
                 std::span<std::uint8_t> out) const override;

 protected:
  virtual void read_view(std::int64_t index, const Framing& framing,
                         std::span<std::uint8_t> out) const = 0;
  /// Throws Error{Internal} outside of the list.
  [[nodiscard]] const ImageList::Entry& entry(std::int64_t index) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return list_.folder; }

 private:
  ImageList list_;
  PictureSizes sizes_;
};

class ImageFolder final : public PictureDataset {
 public:
  using PictureDataset::PictureDataset;
  [[nodiscard]] std::vector<std::string> problems() const override { return problems_.all(); }

 private:
  struct Worker {
    ImageDecoder decoder;
    std::vector<std::uint8_t> pixels;
  };
  void read_view(std::int64_t index, const Framing& framing,
                 std::span<std::uint8_t> out) const override;

  mutable ProblemList problems_;
  mutable Pool<Worker> workers_;
};

}  // namespace pollard
