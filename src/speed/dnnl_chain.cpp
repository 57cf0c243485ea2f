#include "speed/dnnl_chain.h"

#include <fmt/format.h>

#include "pollard/error.h"

#if POLLARD_DNNL
#include "speed/dnnl_steps.h"
#endif

namespace pollard {

#if POLLARD_DNNL

class DnnlChain::Impl {
 public:
  Impl(const Graph& graph, const TensorMap& state, std::int64_t batch)
      : names_(DnnlSteps(graph, state, batch, tape_).names()) {
    tape_.bind();
  }

  void run(std::span<const float> images, std::span<float> outputs) {
    // oneDNN has one type of memory, for what is read and what is written.
    float* const outside[] = {const_cast<float*>(images.data()), outputs.data()};
    tape_.run(outside, seconds_);
  }

  void profile(bool on) { seconds_.assign(on ? names_.size() : 0, 0.0); }
  [[nodiscard]] std::span<const double> seconds() const { return seconds_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  DnnlTape tape_;
  std::vector<std::string> names_;
  std::vector<double> seconds_;
};

std::string dnnl_version() {
  const dnnl::version_t& version = *dnnl::version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

#else

class DnnlChain::Impl {
 public:
  Impl(const Graph&, const TensorMap&, std::int64_t) {
    throw Error(ErrorCode::Config, "Pollard was built without oneDNN",
                "install libdnnl-dev and build Pollard anew");
  }
  void run(std::span<const float>, std::span<float>) {}
  void profile(bool) {}
  [[nodiscard]] std::span<const double> seconds() const { return {}; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

std::string dnnl_version() { return {}; }

#endif

DnnlChain::DnnlChain(const Graph& graph, const TensorMap& state, std::int64_t batch)
    : impl_(std::make_unique<Impl>(graph, state, batch)) {}
DnnlChain::~DnnlChain() = default;
DnnlChain::DnnlChain(DnnlChain&&) noexcept = default;
DnnlChain& DnnlChain::operator=(DnnlChain&&) noexcept = default;

void DnnlChain::run(std::span<const float> images, std::span<float> outputs) {
  impl_->run(images, outputs);
}
void DnnlChain::profile(bool on) { impl_->profile(on); }
std::span<const double> DnnlChain::step_seconds() const { return impl_->seconds(); }
const std::vector<std::string>& DnnlChain::step_names() const { return impl_->names(); }

}  // namespace pollard
