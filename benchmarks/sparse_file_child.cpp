// A process that does nothing but load a .plrd file and run it, for sparse_file.cpp:
//
//   pollard_sparse_file_child FILE BATCH measure|density
//
// BATCH -1: does not even load; 0: runs nothing. Prints milliseconds to load, of the first call,
// the shortest of the following calls, and the peak of its resident memory in KiB.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <pollard_sparse/pollard_sparse.hpp>
#include <string>
#include <vector>

namespace {

using pollard_sparse::Network;

template <typename Work>
double milliseconds(const Work& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

long peak_kib() {
  long peak = 0;
  std::FILE* status = std::fopen("/proc/self/status", "r");
  char line[256];
  while (status != nullptr && std::fgets(line, sizeof line, status) != nullptr)
    static_cast<void>(std::sscanf(line, "VmHWM: %ld", &peak));
  if (status != nullptr) std::fclose(status);
  return peak;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int batch = std::atoi(argv[2]);
  const bool measure = std::strcmp(argv[3], "measure") == 0;
  const pollard_sparse::Options options{
      .plan = measure ? pollard_sparse::Plan::ByMeasurement : pollard_sparse::Plan::ByDensity,
      .batch = batch > 0 ? batch : 0};
  double load = 0, first = 0, again = 0;
  try {
    std::unique_ptr<Network> network;
    if (batch >= 0) {
      load = milliseconds([&] { network = std::make_unique<Network>(argv[1], options); });
    }
    if (batch > 0) {
      const std::vector<float> images(static_cast<std::size_t>(batch * network->input_size()),
                                      0.5F);
      std::vector<float> outputs(static_cast<std::size_t>(batch * network->classes()));
      first = again = milliseconds([&] { network->run(images, outputs); });
      for (int i = 0; i < 5; ++i) {
        const double next = milliseconds([&] { network->run(images, outputs); });
        again = i == 0 || next < again ? next : again;
      }
    }
    std::printf("%f %f %f %ld\n", load, first, again, peak_kib());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
