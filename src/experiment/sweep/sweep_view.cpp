#include "experiment/sweep/sweep_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/terminal_text.h"

namespace pollard {
namespace {

constexpr double kRedraw = 0.5;  // seconds

// Of all epochs to train, those of finished jobs and the parts of those under way.
double epochs_done(const JobQueue& queue, const std::vector<WorkerView>& workers) {
  auto done = static_cast<double>(queue.epochs(JobState::Done));
  for (const WorkerView& worker : workers) {
    if (worker.bar.total == 0) continue;
    const double part =
        static_cast<double>(worker.bar.done) / static_cast<double>(worker.bar.total);
    for (const Job& job : queue.jobs()) {
      if (job.id == worker.job) done += part * static_cast<double>(job.epochs);
    }
  }
  return done;
}

std::int64_t all_epochs(const JobQueue& queue) {
  std::int64_t sum = 0;
  for (const Job& job : queue.jobs()) sum += job.epochs;
  return sum;
}

}  // namespace

SweepView::SweepView(Console console, std::string name)
    : console_(std::move(console)), name_(std::move(name)) {}

SweepView::~SweepView() { clear(); }

void SweepView::write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), console_.stream);
  std::fflush(console_.stream);
}

void SweepView::clear() {
  std::string text;
  for (; drawn_ > 0; --drawn_) text += "\x1b[1A\x1b[2K";
  if (!text.empty()) write(text);
}

std::string SweepView::summary(const JobQueue& queue, double done, std::size_t running) const {
  const std::int64_t all = all_epochs(queue);
  std::string text = fmt::format("{}: {} of {} stages, {:.1f} of {} epochs, {} running, {} failed",
                                 name_, queue.count(JobState::Done), queue.jobs().size(), done, all,
                                 running, queue.count(JobState::Failed));
  // At the rate since we began to look.
  if (const double gained = done - first_epochs_; gained > 0 && running > 0) {
    const double left = (static_cast<double>(all) - done) * console_.seconds() / gained;
    text += ", ETA " + duration_text(left);
  }
  return text;
}

void SweepView::on_state(const Job& job, JobState state, const std::string& why,
                         const JobQueue& queue) {
  const bool failed = state == JobState::Failed, done = state == JobState::Done;
  if (quiet() && !failed) return;
  // Where it can be seen what runs, what goes well needs no line of its own.
  if (why.empty() && (console_.terminal || !done)) return;
  clear();
  std::string text = fmt::format("{} {} {}", job.id.substr(0, 8), job.label, state_name(state));
  if (!why.empty()) text += ": " + why;
  if (!console_.terminal && (done || failed))
    text += fmt::format(" ({} of {} stages)", queue.count(JobState::Done), queue.jobs().size());
  write(without_codes(text) + "\n");
}

void SweepView::on_look(const JobQueue& queue, const std::vector<WorkerView>& workers) {
  const double done = epochs_done(queue, workers), now = console_.seconds();
  if (first_epochs_ < 0) first_epochs_ = done;
  if (!console_.terminal || quiet()) return;
  if (last_drawn_ >= 0 && now - last_drawn_ < kRedraw) return;
  last_drawn_ = now;
  clear();
  // The last column stays free: writing into it wraps on some terminals.
  const std::size_t width = std::max<std::size_t>(console_.width(), 20) - 1;
  std::string text(cut(summary(queue, done, workers.size()), width));
  for (const WorkerView& worker : workers) {
    BarState bar = worker.bar;
    bar.label = worker.job.substr(0, 8) + " " + bar.label;
    text += "\n  " + bar_line(bar, width - 2);
  }
  write(text + "\n");
  drawn_ = 1 + workers.size();
}

}  // namespace pollard
