// A fixed team of threads that run the same function, each with its number. Waits actively for a
// moment after a piece of work, since the next one usually comes at once, then sleeps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace pollard::sparse {

class ThreadPool {
 public:
  /// The calling thread is number 0 and works too; threads - 1 are started.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int size() const;
  /// work(thread) on every thread; returns when all are done. An exception of one is thrown on.
  void run(const std::function<void(int)>& work);
  /// Within run(): waits until all threads have come here.
  void barrier();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Of `count` pieces, those that thread `thread` of `threads` does: [begin, end). The same split
/// always.
struct Share {
  std::int64_t begin, end;
};
[[nodiscard]] inline Share share_of(std::int64_t count, int thread, int threads) {
  return {count * thread / threads, count * (thread + 1) / threads};
}

}  // namespace pollard::sparse
