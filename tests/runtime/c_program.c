/* What a C program sees: the header alone, in strict C99. */
#include "pollard_sparse/pollard_sparse.h"

#include <stddef.h>

/* Opens the file, runs one image of all ones, and gives back the first output. */
float first_output_of(const char* path) {
  pollard_sparse_options options = POLLARD_SPARSE_OPTIONS;
  pollard_sparse_network* network = NULL;
  float image[3 * 8 * 8], outputs[10] = {0};
  size_t i;
  options.plan = POLLARD_SPARSE_BY_DENSITY;
  for (i = 0; i < sizeof image / sizeof *image; ++i) image[i] = 1;
  if (pollard_sparse_open(path, &options, &network) != POLLARD_SPARSE_OK) return -1e30F;
  if (pollard_sparse_run(network, image, 1, POLLARD_SPARSE_CHANNELS_FIRST, outputs) !=
      POLLARD_SPARSE_OK)
    outputs[0] = -2e30F;
  pollard_sparse_close(network);
  return outputs[0];
}
