// What `pollard results` answers: finished configurations that fit a question, in groups over seeds
// or one by one, or two values of a setting compared; as a table for people, as values for
// programs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/result_tables.h"

namespace pollard {

struct ResultsQuestion {
  std::vector<std::pair<std::string, std::string>> filters =
      {};                            // key=value, as settings write values
  std::vector<std::string> by = {};  // group by these keys; none: by all that can change results
  std::vector<std::string> measures = {};  // none: the usual ones
  bool seeds = false;                      // one line a run
  std::string sort = {};                   // a measure, the best first; "": by settings
  std::optional<Contrast> contrast = {};   // of the first measure
};

/// What may be asked, and what is left out.
struct ResultsKeys {
  std::vector<std::string> known;  // of all settings there are
  KeySet without_effect;           // that cannot change results
};

/// Throws Error{Usage} for an unknown key or measure (naming the nearest), and where nothing fits
/// (naming the values that there are). `origin` names the store.
[[nodiscard]] ResultsAnswer answer_results(std::vector<ResultRow> rows,
                                           const ResultsQuestion& question, const ResultsKeys& keys,
                                           const std::string& origin);

}  // namespace pollard
