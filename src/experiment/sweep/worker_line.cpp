#include "experiment/sweep/worker_line.h"

#include <nlohmann/json.hpp>

namespace pollard {

using nlohmann::json;

std::string worker_line(const BarState& bar) {
  const json line = {{"label", bar.label},     {"total", bar.total},
                     {"done", bar.done},       {"done_before", bar.done_before},
                     {"elapsed", bar.elapsed}, {"detail", bar.detail}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<BarState> parse_worker_line(std::string_view line) {
  const json said = json::parse(line, nullptr, false);
  if (!said.is_object() || !said.contains("label")) return {};
  return BarState{.label = said.value("label", ""),
                  .total = said.value("total", std::int64_t{0}),
                  .done = said.value("done", std::int64_t{0}),
                  .done_before = said.value("done_before", std::int64_t{0}),
                  .elapsed = said.value("elapsed", 0.0),
                  .detail = said.value("detail", "")};
}

}  // namespace pollard
