// The child's ends: /dev/null, two pipes for what it says, and a third that closes at exec() or
// tells why that failed.
#include "core/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "pollard/error.h"

namespace pollard {
namespace {

[[noreturn]] void cannot_start(const std::string& program, int error) {
  throw Error(ErrorCode::Io, "cannot start '" + program + "': " + std::strerror(error),
              error == ENOENT ? "is it installed, and in PATH?" : "");
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

Pipe make_pipe(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) cannot_start(program, errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// After fork(): nothing but system calls.
[[noreturn]] void become(char* const* words, int input, int output, int errors, int failure) {
  if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
      ::dup2(errors, STDERR_FILENO) >= 0) {
    ::execvp(words[0], words);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

// Appends what is there; false at the end.
bool read_some(int from, std::string& to) {
  char piece[4096];
  const ssize_t got = ::read(from, piece, sizeof piece);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  to.append(piece, static_cast<std::size_t>(got));
  return got > 0;
}

// Both at once: a program that fills one pipe waits until it is read.
void read_both(Pipe& output, Pipe& errors, ProgramResult& result) {
  std::array<std::pair<Descriptor*, std::string*>, 2> open = {
      {{&output.read, &result.output}, {&errors.read, &result.errors}}};
  while (open[0].first->get() >= 0 || open[1].first->get() >= 0) {
    // poll() leaves out those whose number is negative.
    std::array<pollfd, 2> waiting = {
        {{open[0].first->get(), POLLIN, 0}, {open[1].first->get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;  // a signal
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      if (!read_some(waiting[i].fd, *open[i].second)) open[i].first->close();
    }
  }
}

int status_of(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& words) {
  const std::string& program = words.at(0);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (nothing.get() < 0) cannot_start(program, errno);
  Pipe output = make_pipe(program), errors = make_pipe(program), failure = make_pipe(program);

  const pid_t process = ::fork();
  if (process < 0) cannot_start(program, errno);
  if (process == 0) {
    become(pointers.data(), nothing.get(), output.write.get(), errors.write.get(),
           failure.write.get());
  }
  for (Pipe* pipe : {&output, &errors, &failure}) pipe->write.close();

  ProgramResult result;
  read_both(output, errors, result);
  int error = 0;
  const bool started = ::read(failure.read.get(), &error, sizeof error) != sizeof error;
  result.status = status_of(process);
  if (!started) cannot_start(program, error);
  return result;
}

}  // namespace pollard
