// A C++ program against the installed runtime: the file that it is given runs, one that is not
// there is an exception.
#include <cstdio>
#include <exception>
#include <pollard_sparse/pollard_sparse.hpp>

bool refuses_what_is_not_there() {
  try {
    const pollard_sparse::Network none("/nowhere/net.plrd");
    return false;
  } catch (const pollard_sparse::Error& error) {
    return error.status() == POLLARD_SPARSE_IO_ERROR;
  }
}

int main(int argc, char** argv) {
  try {
    pollard_sparse::Network network(argc > 1 ? argv[1] : "", {.threads = 2});
    const std::vector<float> images(static_cast<std::size_t>(3 * network.input_size()), 0.5F);
    const std::vector<float> outputs = network.run(images);
    std::printf("%s: %zu outputs, the first %g\n", network.name().c_str(), outputs.size(),
                outputs[0]);
    return outputs[0] != 0 && refuses_what_is_not_there() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
