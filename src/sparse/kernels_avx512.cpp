// The kernels for avx512: 16 floats a vector, tiles of at most 28 vectors.
#define POLLARD_ISA avx512
#define POLLARD_ISA_NAME "avx512"
#define POLLARD_LANES 16
#define POLLARD_TILE 28
#include "sparse/kernels.inc"
