// TensorBoard event files: a chain of records
//
//   u64 length | u32 masked CRC-32C of the length | data | u32 masked CRC-32C of the data
//
// whose data is the protobuf message Event: 1 wall_time (double), 2 step (varint), 3 file_version
// (string), 5 summary { 1 value { 1 tag (string), 2 simple_value (float) } }.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pollard {

/// CRC-32C (Castagnoli), as iSCSI and TFRecord use it.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

/// The record every event file starts with.
[[nodiscard]] std::string event_file_header(double wall_time);

/// A record with one scalar.
[[nodiscard]] std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag,
                                       float value);

}  // namespace pollard
