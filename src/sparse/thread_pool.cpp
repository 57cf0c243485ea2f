// Work is announced by a counter: workers spin on it for some microseconds, then wait on it.
#include "sparse/thread_pool.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pollard::sparse {
namespace {

constexpr int kSpins = 4000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Until `value` is no longer `old`.
void wait_for_change(std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

class ThreadPool::Impl {
 public:
  explicit Impl(int threads) : threads_(threads) {
    for (int thread = 1; thread < threads; ++thread)
      workers_.emplace_back([this, thread] { serve(thread); });
  }

  ~Impl() {
    stop_ = true;
    announce();
    for (std::thread& worker : workers_) worker.join();
  }

  [[nodiscard]] int size() const { return threads_; }

  void run(const std::function<void(int)>& work) {
    if (threads_ == 1) return work(0);
    work_ = &work;
    running_.store(static_cast<std::uint32_t>(threads_ - 1), std::memory_order_release);
    announce();
    attempt(0);
    for (std::uint32_t left = running_.load(std::memory_order_acquire); left != 0;
         left = running_.load(std::memory_order_acquire))
      wait_for_change(running_, left);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  void barrier() {
    if (threads_ == 1) return;
    const std::uint32_t turn = turn_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 ==
        static_cast<std::uint32_t>(threads_)) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.fetch_add(1, std::memory_order_release);
      turn_.notify_all();
    } else {
      wait_for_change(turn_, turn);
    }
  }

 private:
  void announce() {
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
  }

  void attempt(int thread) {
    try {
      (*work_)(thread);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  void serve(int thread) {
    for (std::uint32_t seen = 0;; ++seen) {
      wait_for_change(generation_, seen);
      if (stop_) return;
      attempt(thread);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_all();
    }
  }

  int threads_;
  std::vector<std::thread> workers_;
  std::atomic<std::uint32_t> generation_{0}, running_{0}, turn_{0}, arrived_{0};
  std::atomic<bool> stop_{false};
  const std::function<void(int)>* work_ = nullptr;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>(threads)) {}
ThreadPool::~ThreadPool() = default;
int ThreadPool::size() const { return impl_->size(); }
void ThreadPool::run(const std::function<void(int)>& work) { impl_->run(work); }
void ThreadPool::barrier() { impl_->barrier(); }

}  // namespace pollard::sparse
