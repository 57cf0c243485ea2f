// How many threads: asked for explicitly, never left to a library's guess.
#pragma once

namespace pollard {

/// The CPUs this process may run on (affinity mask and cgroup quota counted in); at least 1.
[[nodiscard]] int available_threads();

/// `requested`, or available_threads() where it is 0.
[[nodiscard]] int resolve_threads(int requested);

}  // namespace pollard
