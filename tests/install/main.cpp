// What a program against the installed library looks like: one training step of a ResNet-8.
#include <pollard/networks.h>
#include <pollard/torch_engine.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>

int main() {
  const pollard::ImageShape shape{.channels = 3, .height = 32, .width = 32};
  const pollard::Graph graph = pollard::build_network("resnet8", shape, 10);
  const auto engine = pollard::make_torch_engine(graph, {});
  engine->load_state(pollard::initialize(graph, 1, pollard::Initialization::Kaiming));

  pollard::Batch batch{.count = 4, .shape = shape, .labels = {0, 1, 2, 3}};
  batch.images.resize(static_cast<std::size_t>(batch.count * 3 * 32 * 32));
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    batch.images[i] = std::sin(static_cast<float>(i));
  }
  engine->forward_backward(batch, {.seed = 1});

  std::int64_t gradients = 0;
  for (const pollard::ParameterSlot& slot : engine->slots()) gradients += slot.gradient.numel();
  const pollard::Meters meters = engine->take_meters();
  std::printf("%s: loss %.4f over %lld images, %lld gradients\n", graph.name().c_str(), meters.loss,
              static_cast<long long>(meters.images), static_cast<long long>(gradients));
  // 75,290 trainable parameters: 74,640 in the convolutions and batch norms, 650 in the last layer.
  return meters.images == 4 && gradients == 75290 && meters.loss > 0.5 && meters.loss < 20 ? 0 : 1;
}
