// Safetensors: what is read is written again, and must come back the same.
#include "pollard/safetensors.h"

#include <stdexcept>

#include "fuzz/target.h"
#include "graph/checkpoint_seeds.h"

namespace pollard::fuzz {

void read(Input input) {
  const Safetensors content = decode_safetensors(input, "input");
  const Safetensors again = decode_safetensors(encode_safetensors(content), "written");
  if (again.tensors != content.tensors || again.metadata != content.metadata)
    throw std::logic_error("what was read and written again differs");
}

std::vector<std::string> seeds() {
  const auto file = [](const std::string& header, const std::string& data) {
    return test::raw<std::uint64_t>(header.size()) + header + data;
  };
  return {
      test::safetensors_seed(), file("{}", ""),
      file(
          R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}})",
          "abcd"),
      file(R"({"w":{"dtype":"BOOL","shape":[0,3],"data_offsets":[0,0]},)"
           R"("\u00e9":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}})",
           "ab")};
}

}  // namespace pollard::fuzz
