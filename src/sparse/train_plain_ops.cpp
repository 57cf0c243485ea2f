#include "sparse/train_plain_ops.h"

#include "pollard/error.h"
#include "pollard/random.h"
#include "sparse/trainer.h"

namespace pollard::sparse {
namespace {

// y = x * k, with k = 0 or 1 / (1 - ratio) drawn for each value of each image.
class DropoutOp final : public PlainOp {
 public:
  DropoutOp(double ratio, std::size_t number) : ratio_(ratio), number_(number) {}

  void forward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
               const TrainTensor& out, const TrainTensor* saved,
               const DrawAddress& address) const override {
    site.share([&](int, Share blocks) {
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        float* keep = saved->plane(block).at;
        draw(site, block, keep, out.extent.size(), address);
        multiply(inputs[0]->plane(block).at, keep, out.plane(block).at, out.block_size());
      }
    });
  }

  void backward(TrainSite& site, const std::vector<const TrainTensor*>&, const TrainTensor* saved,
                const TrainTensor& g,
                const std::vector<const TrainTensor*>& gradients) const override {
    if (gradients[0] == nullptr) return;
    site.share([&](int, Share blocks) {
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        multiply(g.plane(block).at, saved->plane(block).at, gradients[0]->plane(block).at,
                 g.block_size());
      }
    });
  }

 private:
  static void multiply(const float* a, const float* b, float* out, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
  }

  // A stream for each image, so that draws depend neither on threads nor on lanes.
  void draw(const TrainSite& site, std::int64_t block, float* keep, std::int64_t count,
            const DrawAddress& address) const {
    const int lanes = site.lanes();
    if (site.mode != TrainMode::Train) {
      std::fill_n(keep, count * lanes, 1.0F);
      return;
    }
    const auto kept = static_cast<float>(1 / (1 - ratio_));
    for (int lane = 0; lane < lanes; ++lane) {
      const auto image = static_cast<std::uint64_t>(block * lanes + lane);
      RandomStream stream(address.seed + 0x9e3779b97f4a7c15ULL * (number_ + 1), Purpose::Dropout,
                          address.epoch, static_cast<std::uint64_t>(address.step) << 32 | image);
      for (std::int64_t i = 0; i < count; ++i)
        keep[i * lanes + lane] = stream.uniform() >= static_cast<float>(ratio_) ? kept : 0;
    }
  }

  double ratio_;
  std::size_t number_;
};

}  // namespace

std::unique_ptr<PlainOp> make_plain_op(const Graph& graph, const Node& node, std::size_t number) {
  if (const auto* dropout = std::get_if<Dropout>(&node.op))
    return std::make_unique<DropoutOp>(dropout->ratio, number);
  if (auto pooling = make_pooling(graph, node)) return pooling;
  if (auto moves = make_moves(graph, node)) return moves;
  throw Error(ErrorCode::Internal, node.name + ": no plain operator");
}

}  // namespace pollard::sparse
