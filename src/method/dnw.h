// DNW, discovering neural wirings (Wortsman et al. 2019): the network sees the largest weights
// only, every weight is trained,
//
//   w <- w - rate * g(m * w),   m = [|w| is among the (1 - S) N largest]
//
// with the mask chosen anew after every step, at the full goal from the first. One threshold for
// all layers together, or in each layer its share.
#pragma once

#include <memory>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

enum class DnwScope { Global, Layer };

void declare_dnw(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_dnw(DnwScope scope);
[[nodiscard]] std::unique_ptr<Method> make_dnw(const Config& config);

}  // namespace pollard
