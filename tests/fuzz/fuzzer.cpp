// libFuzzer's side. It reports other exceptions, sanitizers' findings, time and memory by itself.
#include <cstdint>

#include "fuzz/target.h"
#include "pollard/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    pollard::fuzz::read(std::as_bytes(std::span(data, size)));
  } catch (const pollard::Error& error) {
    // A broken invariant of ours: the reader let something through.
    if (error.code() == pollard::ErrorCode::Internal) throw;
  }
  return 0;
}
