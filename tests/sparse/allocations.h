// Counts what the whole program allocates by `new`.
#pragma once

#include <cstdint>

[[nodiscard]] std::int64_t allocations();
