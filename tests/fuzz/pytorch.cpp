// PyTorch's checkpoints: the input as a file of either format, and as the pickle in an archive,
// whose checksums no fuzzer would guess.
#include "fuzz/target.h"
#include "graph/checkpoint_seeds.h"

namespace pollard::fuzz {
namespace {

void read_quietly(const std::string& file) {
  try {
    (void)decode_pytorch(test::bytes_of(file), "archive");
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Internal) throw;
  }
}

}  // namespace

void read(Input input) {
  static const test::Seed plain = test::plain_seed();
  test::Seed seed = plain;
  seed.pickle = text_of(input);
  read_quietly(seed.as_new());
  (void)decode_pytorch(input, "input");
}

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  for (const test::Seed& seed : {test::plain_seed(), test::rich_seed()}) {
    files.push_back(seed.pickle);
    files.push_back(seed.as_old());
    files.push_back(seed.as_new());
    files.push_back(seed.as_new(test::Zip64::Yes));
  }
  return files;
}

}  // namespace pollard::fuzz
