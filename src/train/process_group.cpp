#include "train/process_group.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "pollard/error.h"

namespace pollard {

void ProcessGroup::barrier(const std::string& what) {
  std::array<double, 1> nothing{};
  sum(nothing, what);
}

void ProcessGroup::require_same(const std::string& hash, const std::string& what) {
  const std::vector<std::string> all = gather(hash, what);
  std::vector<std::string> others;
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) others.push_back(fmt::format("{} ({})", rank, all[rank]));
  }
  if (others.empty()) return;
  throw Error(ErrorCode::Peer,
              fmt::format("the {} of rank {} are not those of rank 0 ({})", what,
                          fmt::join(others, ", "), all[0]),
              "start all processes with the same program, settings and files, on processors of the "
              "same kind; then go on with --resume");
}

std::string ProcessGroup::from_leader(const std::string& text, const std::string& what) {
  return gather(leads() ? text : std::string(), what).front();
}

std::unique_ptr<ProcessGroup> join_process_group(const ProcessGroupSettings& settings) {
  const std::optional<Rendezvous> at = find_rendezvous();
  return at ? join_process_group(*at, settings) : nullptr;
}

}  // namespace pollard
