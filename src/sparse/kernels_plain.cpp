// The kernels for plain: 4 floats a vector, tiles of at most 8 vectors.
#define POLLARD_ISA plain
#define POLLARD_ISA_NAME "plain"
#define POLLARD_LANES 4
#define POLLARD_TILE 8
#include "sparse/kernels.inc"
