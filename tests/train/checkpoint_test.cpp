// A checkpoint comes back whole, or the one before it does, or an error says that none is left.
#include "train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <map>

#include "core/files.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"
#include "train/recording_progress.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::RecordingProgress;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Bytes = std::vector<std::byte>;

/// A small one; `mark` tells one from another.
Checkpoint example(float mark) {
  Checkpoint checkpoint;
  checkpoint.progress = R"({"at": "3/4", "name": "Äpfel\n", "mark": )" + std::to_string(mark) + "}";
  checkpoint.weights["conv.weight"] =
      HostTensor::from_floats({2, 3}, std::vector<float>{mark, -0.0F, 3, 1e-45F, -3e38F, 6});
  checkpoint.weights["bn.bias"] = HostTensor::from_floats({}, std::vector<float>{mark});
  checkpoint.velocity["conv.weight"] = HostTensor::zeros(DType::F32, {2, 3});
  checkpoint.masks["conv.weight"] = HostTensor::zeros(DType::U8, {2, 3});
  checkpoint.masks["conv.weight"].u8()[4] = 1;
  checkpoint.method["masks/count"] = HostTensor::zeros(DType::I64, {1});
  return checkpoint;
}

void expect_same(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.progress, b.progress);
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.velocity, b.velocity);
  EXPECT_EQ(a.masks, b.masks);
  EXPECT_EQ(a.method, b.method);
}

/// The first bytes of a file, in place: unlike writing it anew, that does not wait for the disk.
void overwrite(const fs::path& path, std::span<const std::byte> bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

class Checkpoints : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  fs::path last_ = folder_ / "last.safetensors", previous_ = folder_ / "previous.safetensors";
  RecordingProgress progress_;

  void save(float mark) { save_checkpoint(folder_.path(), example(mark)); }
  std::optional<Checkpoint> load() { return load_checkpoint(folder_.path(), progress_); }
  /// Loads, expecting the checkpoint of `mark` without or with one warning.
  void expect_loads(float mark, bool warns) {
    progress_.warnings.clear();
    const std::optional<Checkpoint> loaded = load();
    ASSERT_TRUE(loaded.has_value());
    expect_same(*loaded, example(mark));
    EXPECT_EQ(progress_.warnings.size(), warns ? 1U : 0U);
  }
  std::map<std::string, Bytes> content() const {
    std::map<std::string, Bytes> files;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      files.emplace(entry.path().filename(), read_bytes(entry.path()));
    }
    return files;
  }
  void damage(const fs::path& path) {
    Bytes bytes = read_bytes(path);
    bytes.back() ^= std::byte{1};
    overwrite(path, bytes);
  }
};

TEST_F(Checkpoints, ComeBackWhole) {
  EXPECT_FALSE(load().has_value());
  save(1);
  expect_loads(1, false);
  save_checkpoint(folder_.path(), {});
  expect_same(load().value(), {});
}

TEST_F(Checkpoints, LastBecomesPrevious) {
  for (const float mark : {1.0F, 2.0F, 3.0F}) save(mark);
  expect_loads(3, false);
  fs::rename(previous_, last_);
  expect_loads(2, false);
}

TEST_F(Checkpoints, AreSafetensorsAsTheHeaderSays) {
  save(1);
  const Safetensors file = read_safetensors(last_);
  std::vector<std::string> names, keys;
  for (const auto& [name, tensor] : file.tensors) names.push_back(name);
  for (const auto& [key, value] : file.metadata) keys.push_back(key);
  EXPECT_THAT(names, ElementsAre("masks/conv.weight", "method/masks/count", "velocity/conv.weight",
                                 "weights/bn.bias", "weights/conv.weight"));
  EXPECT_THAT(keys, UnorderedElementsAre("format", "progress", "checksum"));
  EXPECT_EQ(file.metadata.at("format"), "1");
  EXPECT_EQ(file.metadata.at("progress"), example(1).progress);
  EXPECT_EQ(file.tensors.at("weights/conv.weight"), example(1).weights.at("conv.weight"));
}

TEST_F(Checkpoints, TheSameContentGivesTheSameBytes) {
  save(1);
  const Bytes first = read_bytes(last_);
  save(1);
  EXPECT_EQ(read_bytes(last_), first);
}

TEST_F(Checkpoints, AnyDamagedBitOfTheLastLeadsToThePrevious) {
  save(1);
  save(2);
  Bytes bytes = read_bytes(last_);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const std::byte flip{static_cast<std::uint8_t>(1 << bit)};
      bytes[i] ^= flip;
      overwrite(last_, bytes);
      bytes[i] ^= flip;
      expect_loads(1, true);
      if (HasFailure()) FAIL() << "bit " << bit << " of byte " << i;
    }
  }
  EXPECT_THAT(progress_.warnings,
              ElementsAre(AllOf(HasSubstr(last_.string()), HasSubstr(previous_.string()))));
}

TEST_F(Checkpoints, ATruncatedOrLongerLastLeadsToThePrevious) {
  save(1);
  save(2);
  const std::size_t whole = read_bytes(last_).size();
  fs::resize_file(last_, whole + 1);
  expect_loads(1, true);
  for (std::size_t size = whole; size-- > 0;) {
    fs::resize_file(last_, size);
    expect_loads(1, true);
    if (HasFailure()) FAIL() << size << " bytes of " << whole;
  }
}

// A crash between the two renames leaves no last one.
TEST_F(Checkpoints, AMissingLastLeadsToThePrevious) {
  save(1);
  save(2);
  fs::remove(last_);
  expect_loads(1, true);
  EXPECT_THAT(progress_.warnings,
              ElementsAre(AllOf(HasSubstr(last_.string()), HasSubstr(previous_.string()))));
}

TEST_F(Checkpoints, WithBothDamagedThereIsAnError) {
  save(1);
  damage(last_);
  EXPECT_EQ(thrown_by([&] { (void)load(); }).code(), ErrorCode::Input);  // the only one
  save(2);
  save(3);
  damage(last_);
  damage(previous_);
  const Error error = thrown_by([&] { (void)load(); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), AllOf(HasSubstr(last_.string()), HasSubstr("damaged")));
  EXPECT_THAT(error.hint(), HasSubstr("out=DIR"));
  EXPECT_THAT(progress_.warnings, IsEmpty());
}

// After going on from the previous one, the next save once pushed it out for the damaged last.
TEST_F(Checkpoints, ADamagedLastDoesNotBecomePrevious) {
  save(1);
  save(2);
  damage(last_);
  expect_loads(1, true);
  save(3);
  expect_loads(3, false);
  damage(last_);
  expect_loads(1, true);
}

TEST_F(Checkpoints, LeftoversOfAnInterruptedSaveAreIgnored) {
  save(1);
  save(2);
  write_file(folder_ / "last.safetensors.part", "half a checkpoint");
  expect_loads(2, false);
  fs::remove(last_);
  expect_loads(1, true);
  fs::remove(previous_);
  EXPECT_FALSE(load().has_value());
  save(4);
  expect_loads(4, false);
}

TEST_F(Checkpoints, ValuesThatAreNotFiniteAreRefusedAndTheFolderIsLeftAlone) {
  save(1);
  save(2);
  const auto before = content();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Checkpoint weights = example(3), velocity = example(3);
    weights.weights.at("conv.weight").f32()[5] = bad;
    velocity.velocity.at("conv.weight").f32()[0] = bad;
    const Error of_weights = thrown_by([&] { save_checkpoint(folder_.path(), weights); });
    EXPECT_EQ(of_weights.code(), ErrorCode::Numeric);
    EXPECT_THAT(of_weights.what(), HasSubstr("weight 'conv.weight'"));
    const Error of_velocity = thrown_by([&] { save_checkpoint(folder_.path(), velocity); });
    EXPECT_EQ(of_velocity.code(), ErrorCode::Numeric);
    EXPECT_THAT(of_velocity.what(), HasSubstr("velocity of 'conv.weight'"));
    EXPECT_EQ(content(), before);
  }
}

TEST_F(Checkpoints, AnotherFormatIsRefused) {
  save(1);
  Safetensors file = read_safetensors(last_);
  file.metadata.at("format") = "2";
  write_safetensors(last_, file);
  const Error error = thrown_by([&] { (void)load(); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("has checkpoint format 2, expected 1"));
}

TEST_F(Checkpoints, OtherSafetensorsAreNot) {
  write_safetensors(last_, {example(1).weights, {{"format", "pt"}}});
  const Error error = thrown_by([&] { (void)load(); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("is not a checkpoint"));
}

TEST_F(Checkpoints, NeedTheirFolder) {
  const fs::path missing = folder_ / "none";
  EXPECT_FALSE(load_checkpoint(missing, progress_).has_value());
  const Error error = thrown_by([&] { save_checkpoint(missing, example(1)); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr(missing.string()));
}

}  // namespace
}  // namespace pollard
