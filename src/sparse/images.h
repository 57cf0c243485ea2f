// Between images as users have them and tensors in an arena.
#pragma once

#include <cstdint>

#include "sparse/layout.h"
#include "sparse/network.h"

namespace pollard::sparse {

/// `count` images, one after the other, into the tensor at `buffer`; zeros for those missing up to
/// layout.images.
void load_images(const float* images, std::int64_t count, ImageOrder order, const Layout& layout,
                 float* buffer);
/// The first `count` images' values, C, H, W.
void store_images(const Layout& layout, const float* buffer, std::int64_t count, float* values);

}  // namespace pollard::sparse
