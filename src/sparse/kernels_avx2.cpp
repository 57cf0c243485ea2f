// The kernels for avx2: 8 floats a vector, tiles of at most 14 vectors.
#define POLLARD_ISA avx2
#define POLLARD_ISA_NAME "avx2"
#define POLLARD_LANES 8
#define POLLARD_TILE 14
#include "sparse/kernels.inc"
