/* Runs a pruned network from C: needs libpollard_sparse and nothing else.
 *
 * Build:  see README.md in this folder, or
 *         cc -O2 02-run-a-sparse-network.c $(pkg-config --cflags --libs pollard_sparse)
 * Run:    ./02-run-a-sparse-network FILE.plrd [IMAGES [THREADS]]
 *         FILE.plrd is what `pollard export --sparse` wrote; 128 images and 1 thread without more.
 *
 * Prints what the network is, the best class of the first images of a random batch, and the images
 * a second. A ResNet-56 at 95 % takes some 0.1 ms an image on a core with AVX-512.
 */
#include <pollard_sparse/pollard_sparse.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_now(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The same for everybody: uniform in [-1, 1). */
static void fill(float* values, int64_t count) {
  uint32_t state = 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
  }
}

static int64_t top1(const float* outputs, int64_t classes) {
  int64_t best = 0;
  for (int64_t c = 1; c < classes; ++c)
    if (outputs[c] > outputs[best]) best = c;
  return best;
}

static int fail(void) {
  fprintf(stderr, "%s\n", pollard_sparse_last_error());
  return 1;
}

static int run(pollard_sparse_network* network, int64_t count) {
  const int64_t size = pollard_sparse_input_size(network);
  const int64_t classes = pollard_sparse_classes(network);
  float* images = malloc((size_t)(count * size) * sizeof(float));
  float* outputs = malloc((size_t)(count * classes) * sizeof(float));
  int status = images != NULL && outputs != NULL ? 0 : 1;
  double fastest = 1e30;
  if (status == 0) fill(images, count * size);
  for (int i = 0; status == 0 && i < 20; ++i) {
    const double begun = seconds_now();
    if (pollard_sparse_run(network, images, count, POLLARD_SPARSE_CHANNELS_FIRST, outputs) !=
        POLLARD_SPARSE_OK)
      status = fail();
    if (seconds_now() - begun < fastest) fastest = seconds_now() - begun;
  }
  for (int64_t i = 0; status == 0 && i < count && i < 5; ++i) {
    const float* one = outputs + i * classes;
    printf("image %d: class %d (%.3f)\n", (int)i, (int)top1(one, classes), one[top1(one, classes)]);
  }
  if (status == 0)
    printf("%.0f images/s in batches of %d, %.1f MiB of weights and workspace\n",
           (double)count / fastest, (int)count,
           (double)pollard_sparse_memory(network) / (1 << 20));
  free(images);
  free(outputs);
  return status;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE.plrd [IMAGES [THREADS]]\n", argv[0]);
    return 2;
  }
  const int64_t count = argc > 2 ? atoi(argv[2]) : 128;
  if (count < 1) {
    fprintf(stderr, "'%s' is no number of images\n", argv[2]);
    return 2;
  }
  pollard_sparse_options options = POLLARD_SPARSE_OPTIONS;
  options.batch = count;
  if (argc > 3) options.threads = atoi(argv[3]);
  pollard_sparse_network* network = NULL;
  if (pollard_sparse_open(argv[1], &options, &network) != POLLARD_SPARSE_OK) return fail();

  printf("%s: %d of %d weights, %s, %d thread(s)\n", pollard_sparse_name(network),
         (int)pollard_sparse_kept_weights(network), (int)pollard_sparse_weights(network),
         pollard_sparse_instruction_set(network), (int)pollard_sparse_threads(network));
  const int status = run(network, count);
  pollard_sparse_close(network);
  return status;
}
