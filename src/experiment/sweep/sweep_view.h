// How a sweep goes, on the terminal: a table that is drawn anew in place, or where stderr is no
// terminal a line for every job that ends.
//
//   fig1: 12 of 78 stages, 34.2 of 180 epochs, 2 running, 0 failed, ETA 1:12:00
//     3f2a41d0 retrain [=====>     ] 51% 150/390 12.3/s ETA 0:05 loss 0.412
#pragma once

#include <string>
#include <vector>

#include "core/progress_format.h"
#include "experiment/sweep/local_workers.h"

namespace pollard {

class SweepView {
 public:
  /// Quiet: failures only.
  SweepView(Console console, std::string name);
  ~SweepView();
  SweepView(const SweepView&) = delete;
  SweepView& operator=(const SweepView&) = delete;

  void on_state(const Job& job, JobState state, const std::string& why, const JobQueue& queue);
  void on_look(const JobQueue& queue, const std::vector<WorkerView>& workers);

 private:
  void clear();
  void write(const std::string& text);
  [[nodiscard]] bool quiet() const { return console_.verbosity == Verbosity::Quiet; }
  [[nodiscard]] std::string summary(const JobQueue& queue, double done, std::size_t running) const;

  Console console_;
  std::string name_;
  std::size_t drawn_ = 0;     // lines on the terminal
  double first_epochs_ = -1;  // that were done before we looked
  double last_drawn_ = -1;
};

}  // namespace pollard
