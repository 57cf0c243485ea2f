// PNG pictures as RGB: palettes and greys are expanded, 16 bits scaled to 8, transparency left out.
#pragma once

#include <cstdint>
#include <span>

#include "data/jpeg_reader.h"

namespace pollard {

/// Reads a whole picture. Throws Error{Input}: what is wrong with it, without its name.
void read_png(std::span<const std::uint8_t> file, Rgbx& out);

}  // namespace pollard
