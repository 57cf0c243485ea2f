// The C API of pollard_sparse.h for C++20: a class that owns its network, spans, exceptions.
// Header-only, so that no C++ type crosses the library's border.
//
//   pollard_sparse::Network network("net.plrd", {.threads = 2});
//   std::vector<float> outputs = network.run(images);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "pollard_sparse/pollard_sparse.h"

namespace pollard_sparse {

class Error : public std::runtime_error {
 public:
  Error(pollard_sparse_status status, const std::string& what)
      : std::runtime_error(what), status_(status) {}
  [[nodiscard]] pollard_sparse_status status() const noexcept { return status_; }

 private:
  pollard_sparse_status status_;
};

enum class Order {
  ChannelsFirst = POLLARD_SPARSE_CHANNELS_FIRST,
  ChannelsLast = POLLARD_SPARSE_CHANNELS_LAST
};
enum class Plan {
  ByMeasurement = POLLARD_SPARSE_BY_MEASUREMENT,
  ByDensity = POLLARD_SPARSE_BY_DENSITY
};

struct Options {
  int threads = 1;                   // the calling one included; 0: all this process may use
  std::string instruction_set = {};  // "avx512", "avx2", "plain"; "": the best of this CPU
  Plan plan = Plan::ByMeasurement;
  std::int64_t batch = 0;  // images a call, to prepare for when opening; 0: unknown
};

struct Shape {
  std::int64_t channels = 0, height = 0, width = 0;
};

/// All members throw Error where they fail.
class Network {
 public:
  explicit Network(const std::filesystem::path& file, const Options& options = {}) {
    const pollard_sparse_options c = c_options(options);
    pollard_sparse_network* opened = nullptr;
    check(pollard_sparse_open(file.string().c_str(), &c, &opened));
    network_.reset(opened);
  }
  /// The bytes of a file, not needed any more afterwards.
  explicit Network(std::span<const std::byte> bytes, const Options& options = {}) {
    const pollard_sparse_options c = c_options(options);
    pollard_sparse_network* opened = nullptr;
    check(pollard_sparse_open_memory(bytes.data(), bytes.size(), &c, &opened));
    network_.reset(opened);
  }

  /// images: any number of input_size() floats; outputs: as many times classes().
  void run(std::span<const float> images, std::span<float> outputs,
           Order order = Order::ChannelsFirst) {
    const std::size_t count = count_of(images);
    if (outputs.size() != count * static_cast<std::size_t>(classes())) {
      throw Error(POLLARD_SPARSE_BAD_ARGUMENT,
                  "outputs must have " + std::to_string(classes()) + " floats an image");
    }
    check(pollard_sparse_run(network_.get(), images.data(), static_cast<std::int64_t>(count),
                             static_cast<std::int32_t>(order), outputs.data()));
  }
  [[nodiscard]] std::vector<float> run(std::span<const float> images,
                                       Order order = Order::ChannelsFirst) {
    std::vector<float> outputs(count_of(images) * static_cast<std::size_t>(classes()));
    run(images, outputs, order);
    return outputs;
  }

  [[nodiscard]] Shape shape() const {
    return {pollard_sparse_channels(get()), pollard_sparse_height(get()),
            pollard_sparse_width(get())};
  }
  [[nodiscard]] std::int64_t input_size() const { return pollard_sparse_input_size(get()); }
  [[nodiscard]] std::int64_t classes() const { return pollard_sparse_classes(get()); }
  [[nodiscard]] std::int64_t weights() const { return pollard_sparse_weights(get()); }
  [[nodiscard]] std::int64_t kept_weights() const { return pollard_sparse_kept_weights(get()); }
  [[nodiscard]] std::int64_t memory() const { return pollard_sparse_memory(get()); }
  [[nodiscard]] int threads() const { return pollard_sparse_threads(get()); }
  [[nodiscard]] std::string instruction_set() const {
    return pollard_sparse_instruction_set(get());
  }

  [[nodiscard]] std::string name() const { return pollard_sparse_name(get()); }
  [[nodiscard]] std::optional<std::string> note(const std::string& key) const {
    const char* value = pollard_sparse_note(get(), key.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  }
  [[nodiscard]] std::map<std::string, std::string> notes() const {
    std::map<std::string, std::string> all;
    for (std::size_t i = 0; i < pollard_sparse_note_count(get()); ++i) {
      const char* key = pollard_sparse_note_key(get(), i);
      all.emplace(key, pollard_sparse_note(get(), key));
    }
    return all;
  }

  /// For what only the C API has. Stays the property of this.
  [[nodiscard]] pollard_sparse_network* get() const noexcept { return network_.get(); }

 private:
  struct Close {
    void operator()(pollard_sparse_network* network) const { pollard_sparse_close(network); }
  };

  static void check(pollard_sparse_status status) {
    if (status != POLLARD_SPARSE_OK) throw Error(status, pollard_sparse_last_error());
  }

  static pollard_sparse_options c_options(const Options& options) {
    pollard_sparse_options c = POLLARD_SPARSE_OPTIONS;
    if (!options.instruction_set.empty()) c.instruction_set = options.instruction_set.c_str();
    c.batch = options.batch;
    c.threads = options.threads;
    c.plan = static_cast<std::int32_t>(options.plan);
    return c;
  }

  [[nodiscard]] std::size_t count_of(std::span<const float> images) const {
    const auto size = static_cast<std::size_t>(input_size());
    if (size == 0 || images.size() % size != 0) {
      throw Error(POLLARD_SPARSE_BAD_ARGUMENT,
                  "images must have " + std::to_string(size) + " floats each");
    }
    return images.size() / size;
  }

  std::unique_ptr<pollard_sparse_network, Close> network_;
};

}  // namespace pollard_sparse
