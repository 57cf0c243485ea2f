// ProcessGroup over c10d: a TCPStore at rank 0, in which the processes find each other's addresses,
// and Gloo's connections between every two of them.
//
// Gloo keeps a timeout for every call and fails what is under way when a connection closes; all
// that is left to do is to say what that means. Which network it takes: the interface that
// GLOO_SOCKET_IFNAME names; the loopback if rank 0 is there; else that of this machine's name.
#include <fmt/format.h>

#include "pollard/error.h"
#include "train/process_group.h"

#if defined(POLLARD_GLOO) && defined(USE_C10D_GLOO)

#include <ATen/ATen.h>

#include <algorithm>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef POLLARD_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace pollard {
namespace {

using Milliseconds = std::chrono::milliseconds;

// The first line of what c10d or Gloo says, without "[source:line]" before it.
std::string reason(const std::exception& error) {
  std::string text = error.what();
  text = text.substr(0, text.find('\n'));
  if (const std::size_t end = text.find("] "); text.starts_with("[") && end != std::string::npos)
    text = text.substr(end + 2);
  return text;
}

class C10dGroup final : public ProcessGroup {
 public:
  C10dGroup(const Rendezvous& at, const ProcessGroupSettings& settings)
      : at_(at), timeout_(settings.timeout) {
    try {
      c10::intrusive_ptr<c10d::Store> store = meet(settings.join_timeout);
      auto options = c10d::ProcessGroupGloo::Options::create(settings.timeout);
      options->devices = {network()};
      options->threads = 2;
      gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, at.rank, at.size, options);
#ifdef POLLARD_NCCL
      store_ = c10::make_intrusive<c10d::PrefixStore>("nccl", store);
#endif
    } catch (const std::exception& error) {
      throw Error(ErrorCode::Peer,
                  fmt::format("rank {} of {} did not meet the others at {}:{}: {}", at.rank,
                              at.size, at.host, at.port, reason(error)),
                  "look what the other processes say; all need the same MASTER_ADDR, MASTER_PORT "
                  "and WORLD_SIZE, each its own RANK, and a port that is free");
    }
  }

  [[nodiscard]] int rank() const override { return at_.rank; }
  [[nodiscard]] int size() const override { return at_.size; }
  [[nodiscard]] int local_rank() const override { return at_.local_rank; }

  [[nodiscard]] std::unique_ptr<Pending> start_sum(const at::Tensor& values,
                                                   std::string what) override {
    c10d::AllreduceOptions options;
    options.timeout = timeout_;
    std::vector<at::Tensor> tensors = {values};
    return guarded(what, [&]() -> std::unique_ptr<Pending> {
#ifdef POLLARD_NCCL
      if (values.is_cuda())
        return std::make_unique<Work>(*this, nccl().allreduce(tensors, options), what);
#endif
      if (!values.is_cpu()) return std::make_unique<StagedSum>(*this, values, what);
      return std::make_unique<Work>(*this, gloo_->allreduce(tensors, options), what);
    });
  }

  void sum(std::span<double> values, const std::string& what) override {
    reduce(values, c10d::ReduceOp::SUM, what);
  }
  void maximum(std::span<double> values, const std::string& what) override {
    reduce(values, c10d::ReduceOp::MAX, what);
  }

  void broadcast(std::span<std::byte> bytes, const std::string& what) override {
    if (bytes.empty()) return;
    c10d::BroadcastOptions options;
    options.timeout = timeout_;
    std::vector<at::Tensor> tensors = {of_bytes(bytes)};
    guarded(what, [&] { gloo_->broadcast(tensors, options)->wait(); });
  }

  // First the lengths, then the texts, all as long as the longest.
  [[nodiscard]] std::vector<std::string> gather(const std::string& text,
                                                const std::string& what) override {
    const auto ranks = static_cast<std::size_t>(size());
    std::vector<double> lengths(ranks);
    lengths[static_cast<std::size_t>(rank())] = static_cast<double>(text.size());
    sum(lengths, what);
    const auto longest = static_cast<std::size_t>(*std::ranges::max_element(lengths));
    std::vector<std::string> texts(ranks, std::string(longest, '\0'));
    if (longest == 0) return texts;
    std::string own = text;
    own.resize(longest);
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (std::string& each : texts)
      outputs[0].push_back(of_bytes(std::as_writable_bytes(std::span(each))));
    std::vector<at::Tensor> inputs = {of_bytes(std::as_writable_bytes(std::span(own)))};
    c10d::AllgatherOptions options;
    options.timeout = timeout_;
    guarded(what, [&] { gloo_->allgather(outputs, inputs, options)->wait(); });
    for (std::size_t i = 0; i < ranks; ++i) texts[i].resize(static_cast<std::size_t>(lengths[i]));
    return texts;
  }

 private:
  using Handle = c10::intrusive_ptr<c10d::Work>;

  class Work final : public Pending {
   public:
    Work(const C10dGroup& group, Handle handle, std::string what)
        : group_(group), handle_(std::move(handle)), what_(std::move(what)) {}
    void wait() override {
      group_.guarded(what_, [&] { handle_->wait(); });
    }

   private:
    const C10dGroup& group_;
    Handle handle_;
    std::string what_;
  };

  // Values on a device that goes through the host.
  class StagedSum final : public Pending {
   public:
    StagedSum(C10dGroup& group, const at::Tensor& values, std::string what)
        : values_(values),
          host_(values.to(at::kCPU)),
          sum_(group.start_sum(host_, std::move(what))) {}
    void wait() override {
      sum_->wait();
      at::Tensor(values_).copy_(host_);
    }

   private:
    at::Tensor values_, host_;
    std::unique_ptr<Pending> sum_;
  };

  [[nodiscard]] c10::intrusive_ptr<c10d::Store> meet(Milliseconds timeout) const {
    c10d::TCPStoreOptions options;
    options.port = at_.port;
    options.isServer = at_.rank == 0 && !at_.launcher_listens;
    options.waitWorkers = false;
    options.timeout = timeout;
    auto tcp = c10::make_intrusive<c10d::TCPStore>(at_.host, options);
    auto store = c10::make_intrusive<c10d::PrefixStore>(at_.prefix + "/pollard", tcp);
    const auto here = [](int rank) { return fmt::format("here/{}", rank); };
    store->set(here(at_.rank), std::vector<std::uint8_t>{1});
    for (int rank = 0; rank < at_.size; ++rank) {
      try {
        store->wait({here(rank)}, timeout);
      } catch (const std::exception& error) {
        throw std::runtime_error(fmt::format("rank {} did not come within {} s ({})", rank,
                                             timeout.count() / 1000, reason(error)));
      }
    }
    return store;
  }

  [[nodiscard]] std::shared_ptr<::gloo::transport::Device> network() const {
    using Gloo = c10d::ProcessGroupGloo;
    if (const auto name = environment_variable("GLOO_SOCKET_IFNAME"))
      return Gloo::createDeviceForInterface(*name);
    if (at_.host == "localhost" || at_.host.starts_with("127.") || at_.host == "::1")
      return Gloo::createDeviceForHostname("127.0.0.1");
    return Gloo::createDefaultDevice();
  }

#ifdef POLLARD_NCCL
  c10d::ProcessGroupNCCL& nccl() {
    if (!nccl_) {
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = timeout_;
      nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store_, at_.rank, at_.size, options);
    }
    return *nccl_;
  }
#endif

  static at::Tensor of_bytes(std::span<std::byte> bytes) {
    return at::from_blob(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, at::kByte);
  }

  void reduce(std::span<double> values, c10d::ReduceOp::RedOpType how, const std::string& what) {
    if (values.empty()) return;
    c10d::AllreduceOptions options;
    options.reduceOp = how;
    options.timeout = timeout_;
    std::vector<at::Tensor> tensors = {
        at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kDouble)};
    guarded(what, [&] { gloo_->allreduce(tensors, options)->wait(); });
  }

  template <typename Call>
  auto guarded(const std::string& what, const Call& call) const -> decltype(call()) {
    try {
      return call();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(ErrorCode::Peer,
                  fmt::format("rank {} of {} waited for {} and lost the others: {}", rank(), size(),
                              what, reason(error)),
                  "look what the other processes say; then start all of them again with --resume");
    }
  }

  Rendezvous at_;
  Milliseconds timeout_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
#ifdef POLLARD_NCCL
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
};

}  // namespace

std::unique_ptr<ProcessGroup> join_process_group(const Rendezvous& at,
                                                 const ProcessGroupSettings& settings) {
  return std::make_unique<C10dGroup>(at, settings);
}

}  // namespace pollard

#else

namespace pollard {

std::unique_ptr<ProcessGroup> join_process_group(const Rendezvous& at,
                                                 const ProcessGroupSettings&) {
  throw Error(ErrorCode::Config,
              fmt::format("the environment speaks of {} processes, but this program was built "
                          "without Gloo",
                          at.size),
              "install libgloo-dev and build anew, or unset WORLD_SIZE");
}

}  // namespace pollard

#endif
