/* A C program against the installed runtime: one image through the file that it is given. */
#include <pollard_sparse/pollard_sparse.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  pollard_sparse_network* network = NULL;
  if (argc < 2 || pollard_sparse_open(argv[1], NULL, &network) != POLLARD_SPARSE_OK) {
    fprintf(stderr, "%s\n", pollard_sparse_last_error());
    return 1;
  }
  float* image = calloc((size_t)pollard_sparse_input_size(network), sizeof(float));
  float* outputs = calloc((size_t)pollard_sparse_classes(network), sizeof(float));
  for (int64_t i = 0; i < pollard_sparse_input_size(network); ++i) image[i] = 1;
  const pollard_sparse_status status =
      pollard_sparse_run(network, image, 1, POLLARD_SPARSE_CHANNELS_LAST, outputs);
  printf("%s: %d classes, the first %g\n", pollard_sparse_name(network),
         (int)pollard_sparse_classes(network), outputs[0]);
  const int good = status == POLLARD_SPARSE_OK && outputs[0] != 0;
  free(image);
  free(outputs);
  pollard_sparse_close(network);
  return good ? 0 : 1;
}
