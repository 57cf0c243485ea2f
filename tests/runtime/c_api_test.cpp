// The C API: the same outputs as the engine behind it, facts and notes, and a status with a message
// for everything that can be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/files.h"
#include "pollard_sparse/pollard_sparse.h"
#include "runtime/runtime_case.h"
#include "support/temporary_folder.h"

extern "C" float first_output_of(const char* path);

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr pollard_sparse_options kByDensity = {sizeof(pollard_sparse_options), nullptr, 0, 1,
                                               POLLARD_SPARSE_BY_DENSITY};

class CApi : public ::testing::Test {
 protected:
  ~CApi() override { pollard_sparse_close(network_); }

  void open(const pollard_sparse_options& options = kByDensity) {
    ASSERT_EQ(
        pollard_sparse_open_memory(case_.bytes.data(), case_.bytes.size(), &options, &network_),
        POLLARD_SPARSE_OK)
        << pollard_sparse_last_error();
  }
  std::vector<float> run(const std::vector<float>& images, std::int64_t count,
                         pollard_sparse_order order = POLLARD_SPARSE_CHANNELS_FIRST) {
    std::vector<float> outputs(static_cast<std::size_t>(count * 10));
    EXPECT_EQ(pollard_sparse_run(network_, images.data(), count, order, outputs.data()),
              POLLARD_SPARSE_OK)
        << pollard_sparse_last_error();
    return outputs;
  }
  void expect_refused(const pollard_sparse_options& options, const std::string& named) {
    EXPECT_EQ(
        pollard_sparse_open_memory(case_.bytes.data(), case_.bytes.size(), &options, &network_),
        POLLARD_SPARSE_BAD_ARGUMENT);
    EXPECT_EQ(network_, nullptr);
    EXPECT_THAT(pollard_sparse_last_error(), HasSubstr(named));
  }
  void expect_bad_file(std::span<const std::byte> bytes, const std::string& named) {
    EXPECT_EQ(pollard_sparse_open_memory(bytes.data(), bytes.size(), nullptr, &network_),
              POLLARD_SPARSE_BAD_FILE);
    EXPECT_EQ(network_, nullptr);
    EXPECT_THAT(pollard_sparse_last_error(), HasSubstr(named));
  }

  const RuntimeCase case_;
  pollard_sparse_network* network_ = nullptr;
};

TEST_F(CApi, GivesTheEnginesOutputs) {
  open();
  for (const std::int64_t count : {1, 5, 32, 70}) {
    const std::vector<float> images = RuntimeCase::images(count);
    expect_near(run(images, count), case_.expected(images, count), 1e-6F);
  }
}

TEST_F(CApi, AgreesWithItselfHoweverItIsOpened) {
  const std::int64_t count = 33;
  const std::vector<float> images = RuntimeCase::images(count);
  const std::vector<float> expected = case_.expected(images, count);
  for (const auto* kernels : sparse::available_kernels()) {
    for (const int plan : {POLLARD_SPARSE_BY_MEASUREMENT, POLLARD_SPARSE_BY_DENSITY}) {
      for (const int threads : {1, 3}) {
        const std::string name(kernels->name);
        open({sizeof(pollard_sparse_options), name.c_str(), count, threads, plan});
        EXPECT_EQ(pollard_sparse_instruction_set(network_), name);
        EXPECT_EQ(pollard_sparse_threads(network_), threads);
        expect_near(run(images, count), expected, 1e-5F);
        pollard_sparse_close(network_);
        network_ = nullptr;
      }
    }
  }
}

TEST_F(CApi, TakesChannelsLast) {
  open();
  const std::vector<float> first = RuntimeCase::images(1);
  std::vector<float> last(first.size());
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t pixel = 0; pixel < 64; ++pixel) last[pixel * 3 + c] = first[c * 64 + pixel];
  }
  EXPECT_EQ(run(last, 1, POLLARD_SPARSE_CHANNELS_LAST), run(first, 1));
}

TEST_F(CApi, TellsWhatTheNetworkIs) {
  open();
  EXPECT_EQ(pollard_sparse_channels(network_), 3);
  EXPECT_EQ(pollard_sparse_height(network_), 8);
  EXPECT_EQ(pollard_sparse_width(network_), 8);
  EXPECT_EQ(pollard_sparse_input_size(network_), 3 * 8 * 8);
  EXPECT_EQ(pollard_sparse_classes(network_), 10);
  std::int64_t kept = 0;
  for (const ParameterInfo& weight : case_.graph.prunable_parameters()) {
    for (const float value : case_.state.at(weight.name).f32()) kept += value != 0 ? 1 : 0;
  }
  EXPECT_EQ(pollard_sparse_weights(network_), case_.graph.prunable_weights());
  EXPECT_EQ(pollard_sparse_kept_weights(network_), kept);
  EXPECT_STREQ(pollard_sparse_name(network_), "resnet8");
  ASSERT_EQ(pollard_sparse_note_count(network_), 2u);
  EXPECT_STREQ(pollard_sparse_note_key(network_, 0), "model");
  EXPECT_STREQ(pollard_sparse_note_key(network_, 1), "sparsity");
  EXPECT_EQ(pollard_sparse_note_key(network_, 2), nullptr);
  EXPECT_STREQ(pollard_sparse_note(network_, "sparsity"), "0.9");
  EXPECT_EQ(pollard_sparse_note(network_, "spars"), nullptr);
  const std::int64_t before = pollard_sparse_memory(network_);
  EXPECT_GT(before, 0);
  run(RuntimeCase::images(1), 1);
  EXPECT_GT(pollard_sparse_memory(network_), before);  // workspace for single images came
}

TEST_F(CApi, RefusesOptions) {
  pollard_sparse_options options = POLLARD_SPARSE_OPTIONS;
  options.threads = -1;
  expect_refused(options, "options.threads");
  options = POLLARD_SPARSE_OPTIONS;
  options.threads = 1 << 20;
  expect_refused(options, "options.threads");
  options = POLLARD_SPARSE_OPTIONS;
  options.plan = 2;
  expect_refused(options, "options.plan");
  options = POLLARD_SPARSE_OPTIONS;
  options.batch = -3;
  expect_refused(options, "options.batch");
  options = POLLARD_SPARSE_OPTIONS;
  options.instruction_set = "sse9";
  expect_refused(options, "'sse9'");
  options = pollard_sparse_options{};
  expect_refused(options, "options.size");
}

TEST_F(CApi, RefusesArguments) {
  EXPECT_EQ(pollard_sparse_open("net.plrd", nullptr, nullptr), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(pollard_sparse_open(nullptr, nullptr, &network_), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(pollard_sparse_open_memory(nullptr, 100, nullptr, &network_),
            POLLARD_SPARSE_BAD_ARGUMENT);
  open();
  float image[3 * 8 * 8] = {}, outputs[10] = {};
  const auto run_status = [&](pollard_sparse_network* network, const float* images,
                              std::int64_t count, int order, float* results) {
    return pollard_sparse_run(network, images, count, order, results);
  };
  EXPECT_EQ(run_status(nullptr, image, 1, 0, outputs), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(run_status(network_, nullptr, 1, 0, outputs), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(run_status(network_, image, 1, 0, nullptr), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(run_status(network_, image, -1, 0, outputs), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(run_status(network_, image, INT64_MAX, 0, outputs), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_EQ(run_status(network_, image, 1, 2, outputs), POLLARD_SPARSE_BAD_ARGUMENT);
  EXPECT_THAT(pollard_sparse_last_error(), HasSubstr("order"));
  EXPECT_EQ(run_status(network_, nullptr, 0, 0, nullptr), POLLARD_SPARSE_OK);
}

TEST_F(CApi, HasNothingToSayOfNoNetwork) {
  pollard_sparse_close(nullptr);
  EXPECT_EQ(pollard_sparse_classes(nullptr), 0);
  EXPECT_EQ(pollard_sparse_input_size(nullptr), 0);
  EXPECT_EQ(pollard_sparse_memory(nullptr), 0);
  EXPECT_EQ(pollard_sparse_name(nullptr), nullptr);
  EXPECT_EQ(pollard_sparse_note(nullptr, "model"), nullptr);
  EXPECT_EQ(pollard_sparse_note_key(nullptr, 0), nullptr);
}

TEST_F(CApi, RefusesFiles) {
  const std::span<const std::byte> bytes(case_.bytes);
  expect_bad_file(bytes.first(0), "not a .plrd file");
  expect_bad_file(bytes.first(bytes.size() / 2), "bytes and says it has");
  std::vector<std::byte> damaged = case_.bytes;
  damaged[damaged.size() / 2] ^= std::byte{1};
  expect_bad_file(damaged, "checksum");
  damaged = case_.bytes;
  damaged[8] = std::byte{9};
  expect_bad_file(damaged, "update Pollard");
  EXPECT_EQ(pollard_sparse_open("/nowhere/net.plrd", nullptr, &network_), POLLARD_SPARSE_IO_ERROR);
  EXPECT_THAT(pollard_sparse_last_error(),
              AllOf(HasSubstr("/nowhere/net.plrd"), HasSubstr("No such file")));
}

TEST_F(CApi, KeepsErrorsByThread) {
  EXPECT_EQ(pollard_sparse_open("/nowhere/here", nullptr, &network_), POLLARD_SPARSE_IO_ERROR);
  std::thread([] {
    EXPECT_STREQ(pollard_sparse_last_error(), "");
    pollard_sparse_network* network = nullptr;
    EXPECT_EQ(pollard_sparse_open("/nowhere/there", nullptr, &network), POLLARD_SPARSE_IO_ERROR);
    EXPECT_THAT(pollard_sparse_last_error(), HasSubstr("there"));
  }).join();
  EXPECT_THAT(pollard_sparse_last_error(), HasSubstr("/nowhere/here"));
  EXPECT_EQ(pollard_sparse_open(("/" + std::string(5000, 'x')).c_str(), nullptr, &network_),
            POLLARD_SPARSE_IO_ERROR);
  EXPECT_EQ(std::string(pollard_sparse_last_error()).size(), 1023u);
}

TEST_F(CApi, IsC) {
  const TemporaryFolder folder;
  write_file(folder / "net.plrd", case_.bytes);
  const std::vector<float> ones(3 * 8 * 8, 1);
  EXPECT_NEAR(first_output_of((folder / "net.plrd").c_str()), case_.expected(ones, 1)[0], 1e-5);
  EXPECT_STREQ(pollard_sparse_version(), POLLARD_VERSION);
}

// Two networks in two threads, each with a team of its own, and one network from two threads.
TEST_F(CApi, IsUsedFromManyThreads) {
  const std::int64_t count = 40;
  const auto work = [count](pollard_sparse_network* network, const std::vector<float>& images,
                            const std::vector<float>& expected) {
    for (int i = 0; i < 20; ++i) {
      std::vector<float> outputs(expected.size());
      ASSERT_EQ(pollard_sparse_run(network, images.data(), count, POLLARD_SPARSE_CHANNELS_FIRST,
                                   outputs.data()),
                POLLARD_SPARSE_OK);
      ASSERT_EQ(outputs, expected);
      ASSERT_GT(pollard_sparse_memory(network), 0);
    }
  };
  pollard_sparse_options options = kByDensity;
  options.threads = 2;
  open(options);
  const std::vector<float> images[] = {RuntimeCase::images(count, 1),
                                       RuntimeCase::images(count, 2)};
  const std::vector<float> expected[] = {run(images[0], count), run(images[1], count)};
  ASSERT_NE(expected[0], expected[1]);

  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] { work(network_, images[i], expected[i]); });
    threads.emplace_back([&, i] {
      pollard_sparse_network* own = nullptr;
      ASSERT_EQ(pollard_sparse_open_memory(case_.bytes.data(), case_.bytes.size(), &options, &own),
                POLLARD_SPARSE_OK);
      work(own, images[i], expected[i]);
      pollard_sparse_close(own);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace pollard::test
