// `pollard serve FOLDER`: the page of a sweep or a store, live.
#include <fmt/format.h>

#include <cstdio>
#include <mutex>

#include "core/interrupt.h"
#include "core/timing.h"
#include "many_runs.h"
#include "report/page/page.h"
#include "report/page/page_server.h"
#include "verbs.h"

namespace pollard::app {
namespace {

// Reads the folder when somebody asks, at most once a second however many they are.
class LivePage {
 public:
  LivePage(PageReader reader, Progress& progress)
      : reader_(std::move(reader)), ignored_(without_effect()), progress_(progress) {
    reader_.update(progress_);
  }
  std::string page(std::string_view nonce) {
    const std::lock_guard lock(mutex_);
    return render_served_page(view(), nonce);
  }
  std::string data() {
    const std::lock_guard lock(mutex_);
    return served_data(view()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

 private:
  PageView view() {
    if (since_.seconds() > 1) {
      reader_.update(progress_);
      since_ = Stopwatch();
    }
    return view_page(reader_.source(), ignored_);
  }

  std::mutex mutex_;
  PageReader reader_;
  const KeySet ignored_;
  Progress& progress_;
  Stopwatch since_;
};

}  // namespace

int serve(const Arguments& arguments, Progress& progress) {
  catch_interrupts();
  LivePage live(PageReader(arguments.file), progress);
  const auto& [host, port] = arguments.serve;
  PageServer server(
      {[&](std::string_view nonce) { return live.page(nonce); }, [&] { return live.data(); }}, host,
      port);
  if (!is_loopback(host)) {
    progress.warn(
        fmt::format("whoever reaches {} can look at these results; without --host only "
                    "this machine can",
                    server.address()));
  }
  fmt::print("{} shows '{}' until Ctrl-C\n", server.address(), arguments.file.string());
  std::fflush(stdout);  // though it be a pipe
  server.run([] { return interrupted() != 0; });
  return interrupted() == 0 ? 1 : 128 + interrupted();
}

}  // namespace pollard::app
