// SIGINT, SIGTERM and SIGUSR1 (of cluster schedulers) as a flag that long work looks at between
// steps.
#pragma once

namespace pollard {

/// Installs the handlers. A second signal ends the program at once, as usual.
void catch_interrupts();

/// The number of the signal that came, or 0.
[[nodiscard]] int interrupted();

/// As if the signal had come (0: forget it); for tests and for programs with handlers of their own.
void set_interrupted(int signal);

}  // namespace pollard
