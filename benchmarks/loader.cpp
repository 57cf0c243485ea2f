// Images per second of the loader alone, on CIFAR-like images in memory. The training loop must
// never wait for it.
#include <benchmark/benchmark.h>

#include <vector>

#include "pollard/batches.h"
#include "pollard/random.h"

namespace {

using namespace pollard;

MemoryDataset synthetic_images() {
  constexpr std::int64_t kCount = 20000, kBytes = 32 * 32 * 3;
  RandomStream stream(1, Purpose::Testing, 0, 0);
  std::vector<std::uint8_t> pixels(kCount * kBytes);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(stream.next_u32() >> 24);
  return {ImageShape{3, 32, 32}, 10, std::move(pixels), std::vector<std::int64_t>(kCount, 0)};
}

void run(benchmark::State& state, const Augmentation& augmentation) {
  static const MemoryDataset images = synthetic_images();
  BatchSettings settings;
  settings.shuffle = true;
  settings.augmentation = augmentation;
  settings.normalization = normalization("cifar10", 3);
  settings.threads = static_cast<int>(state.range(0));
  BatchLoader loader(images, settings);
  Batch batch;
  std::uint32_t epoch = 0;
  std::int64_t count = 0;
  for (auto _ : state) {
    if (!loader.next(batch)) {
      loader.start(++epoch);
      loader.next(batch);
    }
    benchmark::DoNotOptimize(batch.images.data());
    count += batch.count;
  }
  state.SetItemsProcessed(count);
}

void plain(benchmark::State& state) { run(state, {}); }
void crop_flip(benchmark::State& state) { run(state, {.crop_padding = 4, .flip = true}); }
void crop_flip_rotation(benchmark::State& state) {
  run(state, {.crop_padding = 4, .flip = true, .rotation = 15});
}

// The argument is the number of threads; 0: on the caller's.
BENCHMARK(plain)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(crop_flip)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(crop_flip_rotation)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
