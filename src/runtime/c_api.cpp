// The C API of libpollard_sparse over sparse::Network and .plrd files: exceptions become statuses,
// their messages stay with the thread.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iterator>
#include <limits>
#include <mutex>
#include <new>
#include <span>
#include <string>

#include "core/files.h"
#include "pollard/error.h"
#include "pollard_sparse/pollard_sparse.h"
#include "sparse/network.h"
#include "sparse/plrd.h"

namespace {

using pollard::Error;
using pollard::ErrorCode;
using pollard::sparse::ImageOrder;
using pollard::sparse::Kernels;
using pollard::sparse::NetworkFile;
using pollard::sparse::NetworkOptions;

}  // namespace

struct pollard_sparse_network {
  pollard_sparse_network(const NetworkFile& file, const NetworkOptions& options)
      : name(file.graph.name()),
        notes(file.metadata),
        instruction_set(options.kernels->name),
        network(file.graph, file.state, options) {
    for (const auto& layer : network.plan()) {
      weights += layer.weights;
      kept += layer.kept;
    }
  }

  std::string name;
  pollard::sparse::Metadata notes;
  std::string instruction_set;
  std::int64_t weights = 0, kept = 0;
  mutable std::mutex mutex;  // one call at a time
  pollard::sparse::Network network;
};

namespace {

// No destructor, no allocation: usable whatever went wrong, and after the library is unloaded.
thread_local char last_error[1024] = "";

pollard_sparse_status fail(pollard_sparse_status status, const char* text) noexcept {
  std::strncpy(last_error, text, sizeof last_error - 1);
  return status;
}

pollard_sparse_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Usage:
    case ErrorCode::Config:
      return POLLARD_SPARSE_BAD_ARGUMENT;
    case ErrorCode::Input:
      return POLLARD_SPARSE_BAD_FILE;
    case ErrorCode::Io:
      return POLLARD_SPARSE_IO_ERROR;
    default:
      return POLLARD_SPARSE_FAILED;
  }
}

template <typename Work>
pollard_sparse_status guarded(const Work& work) noexcept {
  try {
    work();
    return POLLARD_SPARSE_OK;
  } catch (const Error& error) {
    try {
      return fail(status_of(error.code()), one_line(error).c_str());
    } catch (...) {
      return fail(status_of(error.code()), error.what());
    }
  } catch (const std::bad_alloc&) {
    return fail(POLLARD_SPARSE_NO_MEMORY, "not enough memory");
  } catch (const std::exception& error) {
    return fail(POLLARD_SPARSE_FAILED, error.what());
  } catch (...) {
    return fail(POLLARD_SPARSE_FAILED, "an unknown exception");
  }
}

void require(bool condition, const char* what, const char* hint = "") {
  if (!condition) throw Error(ErrorCode::Usage, what, hint);
}

const Kernels& kernels_named(const char* name) {
  if (name == nullptr) return pollard::sparse::best_kernels();
  std::string known;
  for (const Kernels* kernels : pollard::sparse::available_kernels()) {
    if (kernels->name == name) return *kernels;
    known += (known.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw Error(ErrorCode::Config,
              "options.instruction_set: '" + std::string(name) + "' is not to be had on this CPU",
              "there are " + known);
}

NetworkOptions network_options(const pollard_sparse_options* given) {
  static constexpr pollard_sparse_options defaults = POLLARD_SPARSE_OPTIONS;
  const pollard_sparse_options& options = given != nullptr ? *given : defaults;
  require(options.size == sizeof options, "options.size is not that of this library's options",
          "begin with POLLARD_SPARSE_OPTIONS");
  constexpr int most_threads = 1024;
  require(options.threads >= 0 && options.threads <= most_threads,
          "options.threads is not between 0 and 1024");
  require(options.batch >= 0, "options.batch is negative");
  require(
      options.plan == POLLARD_SPARSE_BY_MEASUREMENT || options.plan == POLLARD_SPARSE_BY_DENSITY,
      "options.plan is neither POLLARD_SPARSE_BY_MEASUREMENT nor POLLARD_SPARSE_BY_DENSITY");
  return {.threads = options.threads,
          .kernels = &kernels_named(options.instruction_set),
          .measure = options.plan == POLLARD_SPARSE_BY_MEASUREMENT,
          .batch = options.batch};
}

// `read` gives the file; called once the rest is known to be right.
template <typename Read>
pollard_sparse_status open(const pollard_sparse_options* options, pollard_sparse_network** network,
                           const Read& read) noexcept {
  if (network != nullptr) *network = nullptr;
  return guarded([&] {
    require(network != nullptr, "network is NULL: there is no place for the result");
    const NetworkOptions chosen = network_options(options);
    *network = new pollard_sparse_network(read(), chosen);
  });
}

bool product_fits(std::int64_t count, std::int64_t size) {
  constexpr auto most = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float);
  return static_cast<std::uint64_t>(count) <= most / static_cast<std::uint64_t>(size);
}

std::span<const float> floats(const float* at, std::int64_t count) {
  return {at, static_cast<std::size_t>(count)};
}
std::span<float> floats(float* at, std::int64_t count) {
  return {at, static_cast<std::size_t>(count)};
}

}  // namespace

extern "C" {

pollard_sparse_status pollard_sparse_open(const char* path, const pollard_sparse_options* options,
                                          pollard_sparse_network** network) {
  return open(options, network, [&] {
    require(path != nullptr, "path is NULL");
    return pollard::sparse::read_plrd(path);
  });
}

pollard_sparse_status pollard_sparse_open_memory(const void* bytes, size_t size,
                                                 const pollard_sparse_options* options,
                                                 pollard_sparse_network** network) {
  return open(options, network, [&] {
    require(bytes != nullptr, "bytes is NULL");
    return pollard::sparse::decode_plrd({static_cast<const std::byte*>(bytes), size}, "memory");
  });
}

void pollard_sparse_close(pollard_sparse_network* network) { delete network; }

pollard_sparse_status pollard_sparse_run(pollard_sparse_network* network, const float* images,
                                         int64_t count, int32_t order, float* outputs) {
  return guarded([&] {
    require(network != nullptr, "network is NULL");
    const std::int64_t inputs = network->network.inputs(), classes = network->network.outputs();
    require(count >= 0 && product_fits(count, inputs) && product_fits(count, classes),
            "count is negative, or too large");
    require(count == 0 || (images != nullptr && outputs != nullptr), "images or outputs is NULL");
    require(order == POLLARD_SPARSE_CHANNELS_FIRST || order == POLLARD_SPARSE_CHANNELS_LAST,
            "order is neither POLLARD_SPARSE_CHANNELS_FIRST nor POLLARD_SPARSE_CHANNELS_LAST");
    const std::scoped_lock lock(network->mutex);
    network->network.run(floats(images, count * inputs), count, floats(outputs, count * classes),
                         order == POLLARD_SPARSE_CHANNELS_LAST ? ImageOrder::ChannelsLast
                                                               : ImageOrder::ChannelsFirst);
  });
}

int64_t pollard_sparse_channels(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.input_shape().channels : 0;
}
int64_t pollard_sparse_height(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.input_shape().height : 0;
}
int64_t pollard_sparse_width(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.input_shape().width : 0;
}
int64_t pollard_sparse_input_size(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.inputs() : 0;
}
int64_t pollard_sparse_classes(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.outputs() : 0;
}
int64_t pollard_sparse_weights(const pollard_sparse_network* network) {
  return network != nullptr ? network->weights : 0;
}
int64_t pollard_sparse_kept_weights(const pollard_sparse_network* network) {
  return network != nullptr ? network->kept : 0;
}
int64_t pollard_sparse_memory(const pollard_sparse_network* network) {
  std::int64_t bytes = 0;
  if (network == nullptr) return bytes;
  (void)guarded([&] {
    const std::scoped_lock lock(network->mutex);
    bytes = network->network.memory();
  });
  return bytes;
}
int32_t pollard_sparse_threads(const pollard_sparse_network* network) {
  return network != nullptr ? network->network.threads() : 0;
}
const char* pollard_sparse_instruction_set(const pollard_sparse_network* network) {
  return network != nullptr ? network->instruction_set.c_str() : nullptr;
}

const char* pollard_sparse_name(const pollard_sparse_network* network) {
  return network != nullptr ? network->name.c_str() : nullptr;
}
size_t pollard_sparse_note_count(const pollard_sparse_network* network) {
  return network != nullptr ? network->notes.size() : 0;
}
const char* pollard_sparse_note_key(const pollard_sparse_network* network, size_t index) {
  if (network == nullptr || index >= network->notes.size()) return nullptr;
  return std::next(network->notes.begin(), static_cast<std::ptrdiff_t>(index))->first.c_str();
}
const char* pollard_sparse_note(const pollard_sparse_network* network, const char* key) {
  if (network == nullptr || key == nullptr) return nullptr;
  for (const auto& [name, value] : network->notes) {
    if (name == key) return value.c_str();
  }
  return nullptr;
}

const char* pollard_sparse_last_error(void) { return last_error; }
const char* pollard_sparse_version(void) { return POLLARD_VERSION; }

}  // extern "C"
