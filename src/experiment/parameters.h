// Every parameter of the command, declared once.
#pragma once

#include "core/parameters.h"

namespace pollard {

/// Of everything that runs: what a run's configuration holds.
[[nodiscard]] const ParameterTable& parameter_table();
/// These and `bench.*`, which are no part of a run.
[[nodiscard]] const ParameterTable& all_parameters();

/// The first word of a key: "train" of "train.epochs".
[[nodiscard]] std::string_view group_of(std::string_view key);

/// What a verb reads, by the first word of the keys ("train" covers train.epochs). A key that the
/// user gave and the verb does not read is an error.
void check_read_by(const Config& config, std::string_view verb,
                   std::span<const std::string_view> groups);

/// Throws Error{Config}: `key` has no effect on the verb.
[[noreturn]] void refuse_without_effect(std::string_view key, std::string_view verb);

}  // namespace pollard
