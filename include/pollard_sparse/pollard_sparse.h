/* Runs pruned networks from .plrd files (`pollard export --sparse`). Plain C99; docs/runtime.md is
 * the guide.
 *
 *   pollard_sparse_network* network = NULL;
 *   if (pollard_sparse_open("net.plrd", NULL, &network) != POLLARD_SPARSE_OK)
 *     fputs(pollard_sparse_last_error(), stderr);
 *   pollard_sparse_run(network, images, count, POLLARD_SPARSE_CHANNELS_FIRST, outputs);
 *   pollard_sparse_close(network);
 *
 * Any number of networks may be open, and used from any threads. Calls for one and the same network
 * wait for each other. Nothing is printed; no C++ exception leaves the library; a file is not
 * trusted.
 */
#ifndef POLLARD_SPARSE_H
#define POLLARD_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define POLLARD_SPARSE_API __attribute__((visibility("default")))
#else
#define POLLARD_SPARSE_API
#endif

typedef struct pollard_sparse_network pollard_sparse_network;

/* What went wrong; pollard_sparse_last_error() says it in words. More may be added. */
typedef enum pollard_sparse_status {
  POLLARD_SPARSE_OK = 0,
  POLLARD_SPARSE_BAD_ARGUMENT = 1, /* a null pointer, an option out of range, too many images */
  POLLARD_SPARSE_BAD_FILE = 2,     /* no .plrd file, damaged, or newer than this library */
  POLLARD_SPARSE_IO_ERROR = 3,     /* the file cannot be opened or read */
  POLLARD_SPARSE_NO_MEMORY = 4,
  POLLARD_SPARSE_FAILED = 5 /* anything else: threads that cannot be started ... */
} pollard_sparse_status;

/* How images lie in memory, one after the other: N,C,H,W or N,H,W,C. */
typedef enum pollard_sparse_order {
  POLLARD_SPARSE_CHANNELS_FIRST = 0,
  POLLARD_SPARSE_CHANNELS_LAST = 1
} pollard_sparse_order;

/* How layers come to be computed sparsely or densely, and in which tiles. */
typedef enum pollard_sparse_plan {
  POLLARD_SPARSE_BY_MEASUREMENT = 0, /* tries what is faster when the network is opened */
  POLLARD_SPARSE_BY_DENSITY = 1      /* opens at once; the same outputs, bit by bit, every time */
} pollard_sparse_plan;

/* Begin with POLLARD_SPARSE_OPTIONS, then change what you want. */
typedef struct pollard_sparse_options {
  size_t size;                 /* of this structure: tells versions apart */
  const char* instruction_set; /* "avx512", "avx2", "plain"; NULL: the best of this CPU */
  int64_t batch;               /* images a call, to prepare for when opening; 0: unknown */
  int32_t threads;             /* the calling one included; 0: all this process may use */
  int32_t plan;                /* a pollard_sparse_plan */
} pollard_sparse_options;

/* One thread, the best instruction set, planned by measurement. */
#define POLLARD_SPARSE_OPTIONS \
  { sizeof(pollard_sparse_options), NULL, 0, 1, POLLARD_SPARSE_BY_MEASUREMENT }

/* ---- opening and closing ---- */

/* options: NULL means POLLARD_SPARSE_OPTIONS. On failure *network is NULL. */
POLLARD_SPARSE_API pollard_sparse_status pollard_sparse_open(const char* path,
                                                             const pollard_sparse_options* options,
                                                             pollard_sparse_network** network);
/* The bytes of a file. They are not needed any more afterwards. */
POLLARD_SPARSE_API pollard_sparse_status
pollard_sparse_open_memory(const void* bytes, size_t size, const pollard_sparse_options* options,
                           pollard_sparse_network** network);
/* NULL is allowed. */
POLLARD_SPARSE_API void pollard_sparse_close(pollard_sparse_network* network);

/* ---- running ---- */

/* images: count * pollard_sparse_input_size() floats; outputs: count * pollard_sparse_classes().
 * order: a pollard_sparse_order. The outputs are the network's own, logits as a rule. Allocates
 * nothing once it has seen a batch of this size. */
POLLARD_SPARSE_API pollard_sparse_status pollard_sparse_run(pollard_sparse_network* network,
                                                            const float* images, int64_t count,
                                                            int32_t order, float* outputs);

/* ---- what it is; 0 or NULL where there is none, or no network ---- */

/* Of an image. */
POLLARD_SPARSE_API int64_t pollard_sparse_channels(const pollard_sparse_network* network);
POLLARD_SPARSE_API int64_t pollard_sparse_height(const pollard_sparse_network* network);
POLLARD_SPARSE_API int64_t pollard_sparse_width(const pollard_sparse_network* network);
/* channels * height * width */
POLLARD_SPARSE_API int64_t pollard_sparse_input_size(const pollard_sparse_network* network);
/* Floats of output an image. */
POLLARD_SPARSE_API int64_t pollard_sparse_classes(const pollard_sparse_network* network);
/* Weights of all layers, and those that are not zero. */
POLLARD_SPARSE_API int64_t pollard_sparse_weights(const pollard_sparse_network* network);
POLLARD_SPARSE_API int64_t pollard_sparse_kept_weights(const pollard_sparse_network* network);
/* Bytes of packed weights and workspace held now. */
POLLARD_SPARSE_API int64_t pollard_sparse_memory(const pollard_sparse_network* network);
POLLARD_SPARSE_API int32_t pollard_sparse_threads(const pollard_sparse_network* network);
POLLARD_SPARSE_API const char* pollard_sparse_instruction_set(
    const pollard_sparse_network* network);

/* Texts, owned by the network. */
POLLARD_SPARSE_API const char* pollard_sparse_name(const pollard_sparse_network* network);
/* The file's notes in order of their keys: "dataset", "mean", "sparsity", "stddev", ... */
POLLARD_SPARSE_API size_t pollard_sparse_note_count(const pollard_sparse_network* network);
POLLARD_SPARSE_API const char* pollard_sparse_note_key(const pollard_sparse_network* network,
                                                       size_t index);
POLLARD_SPARSE_API const char* pollard_sparse_note(const pollard_sparse_network* network,
                                                   const char* key);

/* ---- the library ---- */

/* Of the last call that failed on this thread; "" if none has. Valid until the next one fails. */
POLLARD_SPARSE_API const char* pollard_sparse_last_error(void);
/* "0.1.0" */
POLLARD_SPARSE_API const char* pollard_sparse_version(void);

#ifdef __cplusplus
}
#endif

#endif
