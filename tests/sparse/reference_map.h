// A value of a batch in double, [image][channel][row][column].
#pragma once

#include "sparse/reference_training.h"

namespace pollard::test {

using Index = std::int64_t;

struct Map {
  Index n = 0, c = 0, h = 1, w = 1;
  Values at = {};

  Map(Index images, const Shape& shape)
      : n(images),
        c(shape[1]),
        h(shape.size() > 2 ? shape[2] : 1),
        w(shape.size() > 2 ? shape[3] : 1) {
    at.assign(static_cast<std::size_t>(n * c * h * w), 0);
  }
  double& operator()(Index i, Index k, Index y, Index x) {
    return at[static_cast<std::size_t>(((i * c + k) * h + y) * w + x)];
  }
  double operator()(Index i, Index k, Index y, Index x) const {
    return at[static_cast<std::size_t>(((i * c + k) * h + y) * w + x)];
  }
};

template <typename Body>
void for_each(const Map& map, const Body& body) {
  for (Index i = 0; i < map.n; ++i)
    for (Index k = 0; k < map.c; ++k)
      for (Index y = 0; y < map.h; ++y)
        for (Index x = 0; x < map.w; ++x) body(i, k, y, x);
}

}  // namespace pollard::test
