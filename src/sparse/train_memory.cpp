#include "sparse/train_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace pollard::sparse {

void AlignedFloats::grow(std::int64_t count) {
  if (count <= count_) return;
  constexpr std::size_t kLine = 64, kHugePage = std::size_t{1} << 21;
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kLine;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  auto* memory = static_cast<float*>(std::aligned_alloc(alignment, rounded));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  if (alignment == kHugePage) (void)madvise(memory, rounded, MADV_HUGEPAGE);  // a hint
#endif
  data_.reset(memory);
  count_ = count;
}

void AlignedFloats::Free::operator()(float* memory) const { std::free(memory); }

}  // namespace pollard::sparse
