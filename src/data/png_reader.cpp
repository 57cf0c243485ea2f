#include "data/png_reader.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace pollard {
namespace {

constexpr std::size_t kMostChunk = std::size_t{1}
                                   << 24;  // of text and profiles, which nobody needs

// As in jpeg_reader.cpp: the library jumps out of errors, over nothing that has a destructor.
class Png {
 public:
  explicit Png(std::span<const std::uint8_t> file) : left_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, auto) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~Png() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;

  void read(Rgbx& out) {
    read_header();
    out.resize(png_get_image_width(png_, info_), png_get_image_height(png_, info_));
    rows_.resize(static_cast<std::size_t>(out.height));
    for (std::size_t y = 0; y < rows_.size(); ++y)
      rows_[y] = out.pixels.data() + 4 * y * static_cast<std::size_t>(out.width);
    read_rows(4 * static_cast<std::size_t>(out.width));
  }

 private:
  static void on_error(png_structp png, png_const_charp what) {
    auto& self = *static_cast<Png*>(png_get_error_ptr(png));
    std::snprintf(self.message_.data(), self.message_.size(), "%s", what);
    std::longjmp(self.failed_, 1);
  }
  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto& self = *static_cast<Png*>(png_get_io_ptr(png));
    if (size > self.left_.size()) {
      self.truncated_ = true;
      png_error(png, "the data break off");
    }
    std::memcpy(out, self.left_.data(), size);
    self.left_ = self.left_.subspan(size);
  }
  [[noreturn]] void fail() const {
    refuse_picture((truncated_ ? "is truncated: " : "is damaged: ") + std::string(message_.data()));
  }

  void read_header() {
    if (setjmp(failed_) != 0) fail();
    png_set_user_limits(png_, 1 << 24, 1 << 24);
    png_set_chunk_malloc_max(png_, kMostChunk);
    png_set_read_fn(png_, this, on_read);
    png_read_info(png_, info_);
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_add_alpha(png_, 0xff, PNG_FILLER_AFTER);
    (void)png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  void read_rows(std::size_t row_bytes) {
    if (setjmp(failed_) != 0) fail();
    if (png_get_rowbytes(png_, info_) != row_bytes) png_error(png_, "rows of another size");
    png_read_image(png_, rows_.data());
    png_read_end(png_, nullptr);
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::span<const std::uint8_t> left_;
  std::vector<png_bytep> rows_;
  std::jmp_buf failed_{};
  std::array<char, 200> message_{};
  bool truncated_ = false;
};

}  // namespace

void read_png(std::span<const std::uint8_t> file, Rgbx& out) { Png(file).read(out); }

}  // namespace pollard
