// The page's numbers as JSON, for its script and for /data.json of `pollard serve`.
//
// clang-format off
//   keys      settings that vary                  colour    the one that colours lines at first
//   measures  {n: name, h: header, a: axis, s: scale, d: digits, low: less is better}
//   groups    {s: a value a key, null without; r: runs, l: of `kept`}
//     run     [id, seed, [a number a measure or null], [of `stages` ...]]
//   stages    {k: kind, l: label, e: epochs, t: top1 after it, a: accuracies, r: rates}
//     a, r    [of `arrays`: epochs, of `arrays`: values]
//   layers    {names, of, macs}                   kept      [of `layers`, [a mean number a layer]]
//   drivers   {measure: keys that move a point along a line over it}     x   what to begin with
//   progress  of a sweep that runs: jobs, epochs_done, epochs, running, seconds_left
// clang-format on
//
// What many have in common (rates, epochs, layers) is there once: that keeps pages small.
#pragma once

#include <nlohmann/json.hpp>

#include "report/page/page_view.h"

namespace pollard {

[[nodiscard]] nlohmann::json page_data(const PageView& view);

/// For a <script>: nothing in it can end the element.
[[nodiscard]] std::string script_text(const nlohmann::json& data);

}  // namespace pollard
