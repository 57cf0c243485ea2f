// A tensor of floats in as few bytes as its zeros and its range allow, exactly:
//
//   positions  0: every element has a value; 1: a Rice code for each value, the zeros before it
//   values     0: F32; 1: the exponent as a Rice code (largest exponent - this one), then sign and
//              mantissa in three bytes. Trained weights use few exponents: 1.3 bits instead of 8.
//
// With all positions there is no count: it is the tensor's.
//
//   u8 positions | if 1: varint count, u8 k, codes | u8 values | if 0: F32 ...
//                                                              | if 1: u8 largest, u8 k, codes, u24
//                                                              ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/byte_cursor.h"

namespace pollard::sparse {

void write_packed(std::vector<std::byte>& out, std::span<const float> values);

/// Into `values`, which are zeros. Throws Error{Input}.
void read_packed(ByteCursor& cursor, std::span<float> values);

}  // namespace pollard::sparse
