#include "report/pdf.h"

#include "pollard/error.h"

#ifdef POLLARD_RSVG
#include <cairo-pdf.h>
#include <fmt/format.h>
#include <librsvg/rsvg.h>

#include <memory>
#endif

namespace pollard {

#ifdef POLLARD_RSVG
namespace {

constexpr double kPointsPerPixel = 72.0 / 96;

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* thing) const {
    release(thing);
  }
};
template <typename T, auto release>
using Held = std::unique_ptr<T, Release<release>>;

using Drawing = Held<RsvgHandle, g_object_unref>;

// The text of a GLib error, which is ours to free.
std::string reason(GError* error) {
  if (error == nullptr) return "unknown error";
  const Held<GError, g_error_free> held(error);
  return held->message;
}

Drawing read(std::string_view svg) {
  GError* error = nullptr;
  const auto* bytes = reinterpret_cast<const guint8*>(svg.data());
  Drawing drawing(rsvg_handle_new_from_data(bytes, svg.size(), &error));
  if (!drawing) {
    throw Error(ErrorCode::Input, "a drawing for a PDF is no SVG: " + reason(error));
  }
  rsvg_handle_set_dpi(drawing.get(), 96);
  return drawing;
}

RsvgRectangle page_of(RsvgHandle& drawing) {
  RsvgRectangle page{0, 0, 0, 0};
  if (!rsvg_handle_get_intrinsic_size_in_pixels(&drawing, &page.width, &page.height) ||
      !(page.width > 0 && page.height > 0)) {
    throw Error(ErrorCode::Input, "a drawing for a PDF has no size",
                "give its svg element a width and a height");
  }
  return page;
}

cairo_status_t append(void* text, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(ErrorCode::Internal,
              fmt::format("a PDF cannot be drawn: {}", cairo_status_to_string(status)));
}

using Surface = Held<cairo_surface_t, cairo_surface_destroy>;

// Version 1.4 has all we draw. Its date would differ each time: one that says nothing.
Surface open_page(const RsvgRectangle& page, std::string& pdf) {
  Surface surface(cairo_pdf_surface_create_for_stream(append, &pdf, page.width * kPointsPerPixel,
                                                      page.height * kPointsPerPixel));
  check(cairo_surface_status(surface.get()));
  cairo_pdf_surface_restrict_to_version(surface.get(), CAIRO_PDF_VERSION_1_4);
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                 "1970-01-01T00:00:00Z");
  return surface;
}

void draw(RsvgHandle& drawing, const RsvgRectangle& page, cairo_surface_t& surface) {
  const Held<cairo_t, cairo_destroy> pen(cairo_create(&surface));
  cairo_scale(pen.get(), kPointsPerPixel, kPointsPerPixel);
  GError* error = nullptr;
  if (!rsvg_handle_render_document(&drawing, pen.get(), &page, &error)) {
    throw Error(ErrorCode::Internal, "a PDF cannot be drawn: " + reason(error));
  }
  check(cairo_status(pen.get()));
}

}  // namespace

bool pdf_available() { return true; }

std::string svg_to_pdf(std::string_view svg) {
  std::string pdf;
  const Drawing drawing = read(svg);
  const RsvgRectangle page = page_of(*drawing);
  const Surface surface = open_page(page, pdf);
  draw(*drawing, page, *surface);
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  return pdf;
}

#else

bool pdf_available() { return false; }

std::string svg_to_pdf(std::string_view) {
  throw Error(ErrorCode::Usage, "this Pollard cannot write PDF: it was built without librsvg",
              "install librsvg2-dev and build again");
}

#endif

}  // namespace pollard
