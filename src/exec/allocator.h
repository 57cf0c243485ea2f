// Keeps freed activation buffers in the process.
#pragma once

namespace pollard {

/// glibc gives big blocks back to the kernel as soon as they are freed, so that every step of a
/// training run pays page faults for all its activations again. This raises the thresholds. For
/// programs, not for libraries.
void keep_freed_memory();

}  // namespace pollard
