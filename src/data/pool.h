// What threads work with, lent for a while: at most as many are made as threads work at once.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pollard {

template <typename T>
class Pool {
 public:
  [[nodiscard]] std::unique_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<T>();
    std::unique_ptr<T> taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  void give(std::unique_ptr<T> idle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(idle));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace pollard
