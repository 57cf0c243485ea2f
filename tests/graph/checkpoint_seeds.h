// Good files to break or to hide attacks in.
#pragma once

#include <gmock/gmock.h>

#include "graph/pytorch_writer.h"
#include "pollard/error.h"
#include "pollard/pytorch_file.h"

namespace pollard::test {

/// A good checkpoint, in parts.
struct Seed {
  std::string pickle;
  std::map<std::string, std::pair<std::int64_t, std::string>> storages;  // elements and bytes

  [[nodiscard]] std::string as_new(Zip64 zip64 = Zip64::No) const {
    std::map<std::string, std::string> bytes;
    for (const auto& [key, content] : storages) bytes.emplace(key, content.second);
    return new_file(pickle, bytes, zip64);
  }
  [[nodiscard]] std::string as_old() const { return old_file(pickle, storages); }
};

inline Seed plain_seed() {
  const op::Storage weight{"FloatStorage", "0", 6}, bias{"HalfStorage", "1", 3};
  return {pickled(op::dict({{"fc.weight", op::tensor(weight, 0, {3, 2}, {1, 3})},
                            {"fc.bias", op::tensor(bias, 1, {2}, {1})}})),
          {{"0", {6, raw<float>({1, 2, 3, 4, 5, 6})}}, {"1", {3, raw<std::int16_t>({7, 8, 9})}}}};
}

/// Protocol 4, a memo, a shared storage, masks, and the rest of a training's state.
inline Seed rich_seed() {
  using namespace std::string_literals;
  const auto name = [](std::string_view text) {
    return "\x8c" + std::string(1, static_cast<char>(text.size())) + std::string(text) + "\x94";
  };
  const auto named = [&](std::string_view module, std::string_view global) {
    return name(module) + name(global) + "\x93\x94";
  };
  const std::string id =
      name("storage") + named("torch", "FloatStorage") + name("0") + name("cuda:0") + "K\x06t\x94Q";
  const auto view = [&](const std::string& storage, const std::string& place) {
    return named("torch._utils", "_rebuild_tensor_v2") + "(" + storage + place + "\x89" +
           named("collections", "OrderedDict") + ")Rt\x94R\x94";
  };
  const std::string state = "}\x94(" + name("module.w_orig") +
                            view("(" + id, "K\0K\x06\x85K\1\x85"s) + name("module.w_mask") +
                            view("(" + id, "K\0K\x06\x85K\1\x85"s) + name("module.n") +
                            view("(" + id, "K\5))"s) + "u";
  const std::string arguments =
      named("argparse", "Namespace") + ")\x81}\x94(" + name("lr") + "G????????ub";
  std::string body = "}\x94(" + name("epoch") + "K\3" + name("args") + arguments +
                     name("state_dict") + state + "u.";
  return {"\x80\x04\x95" + raw<std::uint64_t>(body.size()) + body,
          {{"0", {6, raw<float>({1, 0, 1, 0, 1, 0})}}}};
}

inline std::string safetensors_seed() {
  Safetensors content;
  content.metadata = {{"model", "resnet20"}};
  content.tensors["a"] = HostTensor::zeros(DType::F32, {2, 3});
  content.tensors["b"] = HostTensor::zeros(DType::I64, {});
  const std::vector<std::byte> bytes = encode_safetensors(content);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// As a Reader (support/broken_bytes.h).
inline std::size_t read_weights(const std::string& file) {
  std::size_t held = 0;
  for (const auto& entry : decode_weights(bytes_of(file), "broken.pth").tensors)
    held += entry.second.bytes.size();
  return held;
}

}  // namespace pollard::test
