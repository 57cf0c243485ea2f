#include "core/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "pollard/error.h"

namespace pollard {
namespace {

constexpr int kCannotStart = 127;

std::vector<std::string> joined_environment(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!more.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// In the child, between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, int output, int log,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it died before we asked
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  // A group of its own: a Ctrl-C of the terminal is the parent's to pass on.
  ::setpgid(0, 0);
  ::execve(arguments[0], arguments, environment);
  ::dprintf(STDERR_FILENO, "cannot start %s: error %d\n", arguments[0], errno);
  ::_exit(kCannotStart);
}

}  // namespace

ChildProcess::ChildProcess(const Settings& settings) {
  std::vector<std::string> arguments = settings.arguments;
  std::vector<std::string> environment = joined_environment(settings.environment);
  const std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  const auto fail = [&](const char* doing) {
    throw Error(ErrorCode::Io, std::string("cannot ") + doing + " '" + settings.arguments.front() +
                                   "': " + std::strerror(errno));
  };
  const int log = ::open(settings.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) {
    throw Error(ErrorCode::Io,
                "cannot write '" + settings.log.string() + "': " + std::strerror(errno));
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("make a pipe for");
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) become(argv.data(), envp.data(), ends[1], log, parent);
  ::close(log);
  ::close(ends[1]);
  output_ = ends[0];
  if (id_ < 0) fail("start");
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      output_(std::exchange(other.output_, -1)),
      rest_(std::move(other.rest_)),
      ending_(other.ending_) {}

ChildProcess::~ChildProcess() {
  if (id_ > 0 && !ending_) {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

std::vector<std::string> ChildProcess::lines() {
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(output_, buffer, sizeof buffer)) != 0;) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    rest_.append(buffer, static_cast<std::size_t>(count));
  }
  std::vector<std::string> whole;
  for (std::size_t end = 0; (end = rest_.find('\n')) != std::string::npos;) {
    whole.push_back(rest_.substr(0, end));
    rest_.erase(0, end + 1);
  }
  return whole;
}

void ChildProcess::signal(int number) const {
  if (id_ > 0 && !ending_) ::kill(id_, number);
}

std::optional<ChildProcess::Ending> ChildProcess::ending() {
  if (ending_) return ending_;
  int status = 0;
  struct rusage usage {};
  if (::wait4(id_, &status, WNOHANG, &usage) != id_) return {};
  const bool killed = WIFSIGNALED(status);
  ending_ = Ending{killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status), killed,
                   std::int64_t{1024} * usage.ru_maxrss};
  return ending_;
}

std::int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  for (std::int64_t kilobytes = 0; file >> key >> kilobytes;) {
    if (key == "MemAvailable:") return 1024 * kilobytes;
    std::getline(file, unit);
  }
  return 0;
}

}  // namespace pollard
