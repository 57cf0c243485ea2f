// Which tensors of a schedule may share memory.
#pragma once

#include "sparse/train_schedule.h"

namespace pollard::sparse {

/// Gives every tensor a buffer. A buffer is free after the last action that reads its tensor.
void assign_buffers(Schedule& schedule);

}  // namespace pollard::sparse
