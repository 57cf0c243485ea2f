#include "data/jpeg_reader.h"

#include <csetjmp>
#include <cstdio>  // jpeglib.h takes it for granted
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "data/exif.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr int kMostScans = 500;  // a progressive file has some ten; each costs a pass
constexpr unsigned kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kLongestExif = 0xffff;

// Where the compressed data end (EOI), which a truncated file does not have. A thumbnail in the
// header has such a marker too, so headers are stepped over.
bool has_end(std::span<const std::uint8_t> file) {
  constexpr std::uint8_t kStartOfScan = 0xda, kEnd = 0xd9;
  std::size_t at = 2;
  while (at + 4 <= file.size() && file[at] == 0xff && file[at + 1] != kStartOfScan) {
    const bool fill = file[at + 1] == 0xff;
    at += fill ? 1U : 2U + (static_cast<std::size_t>(file[at + 2]) << 8 | file[at + 3]);
  }
  for (std::size_t i = file.size(); i >= at + 2 && i >= 2; --i) {
    if (file[i - 2] == 0xff && file[i - 1] == kEnd) return true;
  }
  return false;
}

// CMYK to RGB: what is left of white under the inks.
void convert_cmyk(std::span<std::uint8_t> row, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (std::size_t i = 0; i + 4 <= row.size(); i += 4) {
    const unsigned black = row[i + 3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c)
      row[i + c] = static_cast<std::uint8_t>(((row[i + c] ^ flip) * black + 127) / 255);
  }
}

}  // namespace

void refuse_picture(const std::string& what) { throw Error(ErrorCode::Input, what); }

void Rgbx::resize(std::int64_t new_width, std::int64_t new_height) {
  if (new_width > kMostPixels / std::max<std::int64_t>(new_height, 1)) {
    refuse_picture(fmt::format("is too large: {} x {} pixels", new_width, new_height));
  }
  width = new_width;
  height = new_height;
  pixels.resize(static_cast<std::size_t>(4 * width * height));
}

// The library reports errors by a call that must not return; it jumps. So what lies between setjmp
// and the library's functions has no destructors to run.
struct JpegReader::State {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool truncated = false;

  static State& of(j_common_ptr jpeg) { return *static_cast<State*>(jpeg->client_data); }
  static void on_error(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, of(jpeg).message.data());
    std::longjmp(of(jpeg).failed, 1);
  }
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) of(jpeg).truncated = true;
  }
  static void on_progress(j_common_ptr jpeg) {
    State& state = of(jpeg);
    if (state.jpeg.input_scan_number <= kMostScans) return;
    std::snprintf(state.message.data(), state.message.size(), "over %d scans", kMostScans);
    std::longjmp(state.failed, 1);
  }

  State() {
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    errors.emit_message = on_message;
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = on_progress;
    jpeg.client_data = this;
    if (setjmp(failed) != 0) fail();
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &progress;
    jpeg_save_markers(&jpeg, static_cast<int>(kExifMarker), kLongestExif);
  }
  ~State() { jpeg_destroy_decompress(&jpeg); }

  [[noreturn]] void fail() {
    const std::string what = message.data();
    jpeg_abort_decompress(&jpeg);
    refuse_picture("is damaged: " + what);
  }

  void read_header(std::span<const std::uint8_t> file) {
    if (setjmp(failed) != 0) fail();
    jpeg_mem_src(&jpeg, file.data(), file.size());
    jpeg_read_header(&jpeg, TRUE);
  }

  void choose_output(int eighths) {
    jpeg.scale_num = static_cast<unsigned>(eighths);
    jpeg.scale_denom = 8;
    const bool inks = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
    jpeg.out_color_space = inks ? JCS_CMYK : JCS_EXT_RGBX;
  }

  // Gives the columns that a row will have.
  PixelArea start(PixelArea area) {
    if (setjmp(failed) != 0) fail();
    jpeg_start_decompress(&jpeg);
    auto x = static_cast<JDIMENSION>(area.x), width = static_cast<JDIMENSION>(area.width);
    jpeg_crop_scanline(&jpeg, &x, &width);
    area.x = x;
    area.width = width;
    return area;
  }

  void read_rows(PixelArea area, std::uint8_t* out) {
    if (setjmp(failed) != 0) fail();
    if (area.y > 0) jpeg_skip_scanlines(&jpeg, static_cast<JDIMENSION>(area.y));
    for (std::int64_t row = 0; row < area.height;) {
      JSAMPROW place = out + 4 * row * area.width;
      row += jpeg_read_scanlines(&jpeg, &place, 1);
    }
  }
};

JpegReader::JpegReader() : state_(std::make_unique<State>()) {}
JpegReader::~JpegReader() = default;

JpegReader::Header JpegReader::open(std::span<const std::uint8_t> file) {
  jpeg_abort_decompress(&state_->jpeg);
  state_->truncated = false;
  if (!has_end(file)) refuse_picture("is truncated: the end of its data is missing");
  state_->read_header(file);
  const jpeg_decompress_struct& jpeg = state_->jpeg;
  const std::int64_t width = jpeg.image_width, height = jpeg.image_height;
  if (width > kMostPixels / height) {
    refuse_picture(fmt::format("is too large: {} x {} pixels", width, height));
  }
  if (jpeg.jpeg_color_space == JCS_UNKNOWN) {
    refuse_picture(fmt::format("has {} colour components that are neither grey, RGB nor CMYK",
                               jpeg.num_components));
  }
  Header header{width, height, 1};
  for (auto* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->marker == kExifMarker)
      header.orientation = exif_orientation({marker->data, marker->data_length});
  }
  return header;
}

PixelArea JpegReader::read(int eighths, PixelArea area, Rgbx& out) {
  State& state = *state_;
  state.choose_output(eighths);
  area = state.start(area);
  out.resize(area.width, area.height);
  state.read_rows(area, out.pixels.data());
  if (state.jpeg.out_color_space == JCS_CMYK)
    convert_cmyk(out.pixels, state.jpeg.saw_Adobe_marker != FALSE);
  jpeg_abort_decompress(&state.jpeg);
  if (state.truncated) refuse_picture("is truncated: its data break off");
  return area;
}

}  // namespace pollard
