#include "core/interrupt.h"

#include <csignal>

namespace pollard {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void on_signal(int signal) {
  caught = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGUSR1, on_signal);
}

int interrupted() { return caught; }

void set_interrupted(int signal) { caught = signal; }

}  // namespace pollard
