#include "speed/worker.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "pollard/error.h"

namespace pollard {
namespace {

// After fork(): nothing but system calls.
[[noreturn]] void become(char* const* words, int socket, int errors) {
  if (::dup2(socket, STDIN_FILENO) >= 0 && ::dup2(socket, STDOUT_FILENO) >= 0 &&
      ::dup2(errors, STDERR_FILENO) >= 0) {
    ::execvp(words[0], words);
    static_cast<void>(::dprintf(STDERR_FILENO, "%s: %s\n", words[0], std::strerror(errno)));
  }
  ::_exit(127);
}

}  // namespace

Worker::Worker(const std::vector<std::string>& words) : name_(words.at(0)) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  errors_ = std::tmpfile();
  int ends[2];
  if (errors_ == nullptr || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error(ErrorCode::Io, "cannot start '" + name_ + "': " + std::strerror(errno));
  socket_ = ends[0];
  process_ = ::fork();
  if (process_ == 0) become(pointers.data(), ends[1], ::fileno(errors_));
  ::close(ends[1]);
}

Worker::~Worker() {
  ::close(socket_);
  for (int wait = 0; wait < 100 && process_ > 0; ++wait) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    if (process_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::fclose(errors_);
}

void Worker::tell(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(text.size())) fail();
}

std::string Worker::answer() {
  for (;;) {
    if (const std::size_t end = read_.find('\n'); end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    char piece[4096];
    const ssize_t got = ::recv(socket_, piece, sizeof piece, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail();
    read_.append(piece, static_cast<std::size_t>(got));
  }
}

void Worker::fail() const {
  char line[300] = "";
  const ssize_t got = ::pread(::fileno(errors_), line, sizeof line - 1, 0);
  std::string said(line, static_cast<std::size_t>(got > 0 ? got : 0));
  said = said.substr(0, said.find('\n'));
  throw Error(ErrorCode::Io, "'" + name_ + "' has ended" + (said.empty() ? "" : ": " + said));
}

}  // namespace pollard
