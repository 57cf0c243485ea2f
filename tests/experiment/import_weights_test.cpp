#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstring>

#include "core/files.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "pollard/error.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::TemporaryFolder;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ImportWeightsTest : public ::testing::Test {
 protected:
  ImportedWeights import(const TensorMap& tensors,
                         std::map<std::string, std::string> metadata = {}) {
    write_safetensors(path_, {tensors, std::move(metadata)});
    return import_weights(config(), graph_);
  }
  [[nodiscard]] Config config() const {
    Config config(parameter_table());
    config.apply("weights=" + path_.string());
    return config;
  }
  Error refused(const TensorMap& tensors) {
    return thrown_by([&] { (void)import(tensors); });
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "w.safetensors";
  const Graph graph_ = build_network("lenet-300-100", {1, 28, 28}, 10);
  const TensorMap state_ = initialize(graph_, 1, Initialization::Pytorch);
};

TEST_F(ImportWeightsTest, GivesTheTensorsOfTheFile) { EXPECT_EQ(import(state_).state, state_); }

TEST_F(ImportWeightsTest, TheHashIsOfTheWeightsAlone) {
  const std::string hash = import(state_).hash;
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(import(state_, {{"model", "other"}}).hash, hash);
  TensorMap prefixed;
  for (const auto& [name, tensor] : state_) prefixed.emplace("module." + name, tensor);
  EXPECT_EQ(import(prefixed).hash, hash);
  TensorMap changed = state_;
  changed.at("fc3.bias").bytes[0] ^= std::byte{1};
  EXPECT_NE(import(changed).hash, hash);
  TensorMap swapped = state_;  // the same bytes under other names
  std::swap(swapped.at("fc2.weight").f32()[0], swapped.at("fc3.weight").f32()[0]);
  EXPECT_NE(import(swapped).hash, hash);
}

// Written by the C++ side of PyTorch: what a file is shows in its bytes, not in its name.
TEST_F(ImportWeightsTest, ReadsWhatLibTorchPickles) {
  c10::Dict<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : state_) {
    const at::Tensor values = torch::empty(tensor.shape);
    std::memcpy(values.data_ptr<float>(), tensor.bytes.data(), tensor.bytes.size());
    tensors.insert("module." + name, values);
  }
  const std::vector<char> file = torch::pickle_save(tensors);
  const ImportedWeights from_safetensors = import(state_);
  write_file(path_, std::string_view(file.data(), file.size()));
  const ImportedWeights imported = import_weights(config(), graph_);
  EXPECT_EQ(imported.state, state_);
  EXPECT_EQ(imported.hash, from_safetensors.hash);
}

TEST_F(ImportWeightsTest, AMissingTensorIsNamedWithTheFile) {
  TensorMap state = state_;
  state.erase("fc2.weight");
  const Error error = refused(state);
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("fc2.weight"), HasSubstr(path_.string())));
}

TEST_F(ImportWeightsTest, AnUnknownTensorIsNamedWithTheFile) {
  TensorMap state = state_;
  state.emplace("fc4.weight", HostTensor::zeros(DType::F32, {10, 10}));
  const Error error = refused(state);
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("fc4.weight"), HasSubstr(path_.string())));
}

TEST_F(ImportWeightsTest, AnotherShapeIsNamedWithTheFile) {
  TensorMap state = state_;
  state.at("fc1.weight") = HostTensor::zeros(DType::F32, {784, 300});
  const Error error = refused(state);
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("fc1.weight"), HasSubstr(path_.string()),
                                  HasSubstr("[784, 300]"), HasSubstr("[300, 784]")));
}

// Such weights were taken, failed at the first checkpoint with advice about the learning rate, and
// left a folder that a second try with mended weights was refused for.
TEST_F(ImportWeightsTest, AValueThatIsNotFiniteIsNamedWithTheFile) {
  for (const float wrong : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    TensorMap state = state_;
    state.at("fc2.bias").f32()[7] = wrong;
    const Error error = refused(state);
    EXPECT_EQ(error.code(), ErrorCode::Input) << wrong;
    EXPECT_THAT(error.what(), AllOf(HasSubstr("fc2.bias"), HasSubstr(path_.string())));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST_F(ImportWeightsTest, AFileThatIsNotThereIsAnIoError) {
  const Error error = thrown_by([&] { (void)import_weights(config(), graph_); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr(path_.string()));
}

TEST_F(ImportWeightsTest, AFileOfAnotherKindIsAnInputError) {
  write_file(path_, std::string_view("PK\x03\x04 this is a zip, as PyTorch writes"));
  const Error error = thrown_by([&] { (void)import_weights(config(), graph_); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr(path_.string()));
}

}  // namespace
}  // namespace pollard
