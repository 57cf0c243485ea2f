// ONNX: the input as a file, of a network for the images that it says or for others.
#include "fuzz/target.h"
#include "graph/onnx/model_seeds.h"
#include "pollard/error.h"

namespace pollard::fuzz {

void read(Input input) {
  try {
    (void)decode_onnx(input, "input.onnx", {3, 8, 8});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Internal) throw;
  }
  (void)decode_onnx(input, "input.onnx");
}

std::vector<std::string> seeds() {
  return {test::written_seed().SerializeAsString(), test::exported_seed().SerializeAsString()};
}

}  // namespace pollard::fuzz
