// Images of noise and random labels, the same in every run.
#pragma once

#include "pollard/batch.h"
#include "pollard/random.h"

namespace pollard {

inline Batch random_batch(std::int64_t count, const ImageShape& shape, std::int64_t classes) {
  Batch batch{.count = count, .shape = shape, .images = {}, .labels = {}};
  RandomStream stream(1, Purpose::Testing, 0, 0);
  batch.images.resize(
      static_cast<std::size_t>(count * shape.channels * shape.height * shape.width));
  for (float& value : batch.images) value = stream.normal();
  for (std::int64_t i = 0; i < count; ++i)
    batch.labels.push_back(stream.below(static_cast<std::uint32_t>(classes)));
  return batch;
}

}  // namespace pollard
