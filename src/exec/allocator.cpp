#include "exec/allocator.h"

#include <malloc.h>

namespace pollard {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024 * static_cast<int>(sizeof(long)));  // glibc's maximum
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 * 1024 * 1024);
#endif
}

}  // namespace pollard
