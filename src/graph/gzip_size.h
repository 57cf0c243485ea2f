// How small gzip makes bytes, by its usual effort: what compact files of weights are held against.
#pragma once

#include <cstddef>
#include <span>

namespace pollard {

[[nodiscard]] std::size_t gzip_size(std::span<const std::byte> bytes);

}  // namespace pollard
