// The pieces networks are built of. Each adds one operator with its parameters to the graph, named
// as PyTorch names a module's: NAME.weight, NAME.bias, NAME.running_mean, NAME.running_var.
#pragma once

#include <cstdint>
#include <string>

#include "pollard/graph.h"

namespace pollard {

/// A square kernel with equal padding on all sides.
struct ConvSettings {
  std::int64_t channels = 0;  // of the output
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t groups = 1;
  bool bias = false;
};

/// Each takes the name of its input value and returns that of its output, which is `name`.
std::string add_conv(Graph& graph, const std::string& name, const std::string& x,
                     const ConvSettings& settings);
/// `momentum` as PyTorch means it: the share of the batch in the running statistics.
std::string add_batch_norm(Graph& graph, const std::string& name, const std::string& x,
                           double momentum = 0.1);
std::string add_linear(Graph& graph, const std::string& name, const std::string& x,
                       std::int64_t outputs);
std::string add_max_pool(Graph& graph, const std::string& name, const std::string& x,
                         std::int64_t kernel, std::int64_t stride, std::int64_t padding = 0);

/// Nothing, and x itself, where the ratio is 0.
std::string add_dropout(Graph& graph, const std::string& name, const std::string& x, double ratio);

/// The end of a network: the mean of each channel (POOL, "flatten") and a linear layer, the output.
void add_mean_and_linear(Graph& graph, const std::string& pool, const std::string& linear,
                         const std::string& x, std::int64_t classes);

/// He et al. 2016, option A: every `stride`-th pixel, zero channels added equally on both sides;
/// no parameters. Adds the nodes NAME.slice and NAME.pad, and neither where the shape stays.
std::string add_option_a_shortcut(Graph& graph, const std::string& name, const std::string& x,
                                  std::int64_t channels, std::int64_t stride);

}  // namespace pollard
