// The same as 02 in C++: runs a pruned network with libpollard_sparse alone.
//
// Build:  see README.md in this folder, or
//         c++ -std=c++20 -O2 03-run-a-sparse-network.cpp $(pkg-config --cflags --libs
//         pollard_sparse)
// Run:    ./03-run-a-sparse-network FILE.plrd [IMAGES [THREADS]]
//
// Prints what the network and its file say of themselves, the best class of the first images of a
// random batch, and the images a second.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <pollard_sparse/pollard_sparse.hpp>
#include <random>
#include <span>
#include <vector>

void run(pollard_sparse::Network& network, std::int64_t count) {
  std::vector<float> images(static_cast<std::size_t>(count * network.input_size()));
  std::vector<float> outputs(static_cast<std::size_t>(count * network.classes()));
  std::mt19937 random(1);
  std::normal_distribution<float> pixels;
  for (float& pixel : images) pixel = pixels(random);

  std::chrono::duration<double> fastest = std::chrono::hours(1);
  for (int i = 0; i < 20; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    network.run(images, outputs);
    fastest =
        std::min<std::chrono::duration<double>>(fastest, std::chrono::steady_clock::now() - begun);
  }
  const auto classes = static_cast<std::size_t>(network.classes());
  for (std::size_t i = 0; i < std::min<std::size_t>(5, outputs.size() / classes); ++i) {
    const std::span<const float> one(outputs.data() + i * classes, classes);
    const auto best = std::max_element(one.begin(), one.end());
    std::printf("image %zu: class %td (%.3f)\n", i, best - one.begin(), *best);
  }
  std::printf("%.0f images/s in batches of %lld, %.1f MiB of weights and workspace\n",
              static_cast<double>(count) / fastest.count(), static_cast<long long>(count),
              static_cast<double>(network.memory()) / (1 << 20));
}

int main(int argc, char** argv) {
  const std::int64_t count = argc > 2 ? std::atoi(argv[2]) : 128;
  if (argc < 2 || count < 1) {
    std::fprintf(stderr, "usage: %s FILE.plrd [IMAGES [THREADS]]\n", argv[0]);
    return 2;
  }
  try {
    pollard_sparse::Network network(argv[1],
                                    {.threads = argc > 3 ? std::atoi(argv[3]) : 1, .batch = count});
    std::printf("%s: %lld of %lld weights, %s, %d thread(s)\n", network.name().c_str(),
                static_cast<long long>(network.kept_weights()),
                static_cast<long long>(network.weights()), network.instruction_set().c_str(),
                network.threads());
    for (const auto& [key, value] : network.notes())
      std::printf("  %s: %s\n", key.c_str(), value.c_str());
    run(network, count);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
