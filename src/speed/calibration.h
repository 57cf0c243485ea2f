// What this machine can do at the moment: measured beside every benchmark, since shared machines
// change under it.
#pragma once

namespace pollard {

struct Calibration {
  double multiply_adds = 0;  // GF/s: fused multiply-adds in registers, each counting as two
  double copy = 0;           // GB/s: copying memory far beyond the caches, read and written bytes
};

/// The best of some attempts, on `threads` OpenMP threads; takes about a second.
[[nodiscard]] Calibration calibrate(int threads);

}  // namespace pollard
