// The C++ wrapper of the C API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

#include "core/files.h"
#include "pollard_sparse/pollard_sparse.hpp"
#include "runtime/runtime_case.h"
#include "support/temporary_folder.h"

namespace pollard::test {
namespace {

using pollard_sparse::Error;
using pollard_sparse::Network;
using pollard_sparse::Options;
using pollard_sparse::Plan;

static_assert(!std::is_copy_constructible_v<Network> &&
              std::is_nothrow_move_constructible_v<Network>);

/// The Error of a call.
template <typename Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {POLLARD_SPARSE_OK, ""};
}

const Options kByDensity{.plan = Plan::ByDensity};

TEST(CppApi, OpensAndRuns) {
  const RuntimeCase one;
  const TemporaryFolder folder;
  write_file(folder / "net.plrd", one.bytes);
  Network from_bytes(one.bytes, kByDensity);
  Network from_file = [&] {
    Network opened(folder / "net.plrd", {.threads = 2, .instruction_set = "plain"});
    return Network(std::move(opened));
  }();
  EXPECT_EQ(from_file.threads(), 2);
  EXPECT_EQ(from_file.instruction_set(), "plain");
  const std::vector<float> images = RuntimeCase::images(5);
  expect_near(from_bytes.run(images), one.expected(images, 5), 1e-6F);
  expect_near(from_file.run(images), one.expected(images, 5), 1e-5F);
}

TEST(CppApi, TellsWhatTheNetworkIs) {
  const RuntimeCase one;
  Network network(one.bytes, kByDensity);
  EXPECT_EQ(network.shape().channels * network.shape().height * network.shape().width,
            network.input_size());
  EXPECT_EQ(network.classes(), 10);
  EXPECT_EQ(network.name(), "resnet8");
  EXPECT_EQ(network.notes(), one.notes);
  EXPECT_EQ(network.note("sparsity"), "0.9");
  EXPECT_EQ(network.note("nothing"), std::nullopt);
  EXPECT_LT(network.kept_weights(), network.weights() / 5);
  EXPECT_GT(network.memory(), 0);
}

TEST(CppApi, Throws) {
  const RuntimeCase one;
  EXPECT_EQ(error_of([] { Network("/nowhere/net.plrd"); }).status(), POLLARD_SPARSE_IO_ERROR);
  const Error error = error_of([&] { Network(std::span(one.bytes).first(30)); });
  EXPECT_EQ(error.status(), POLLARD_SPARSE_BAD_FILE);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("bytes and says it has"));
  EXPECT_EQ(error_of([&] { Network(one.bytes, {.threads = -1}); }).status(),
            POLLARD_SPARSE_BAD_ARGUMENT);

  Network network(one.bytes, kByDensity);
  const std::vector<float> images = RuntimeCase::images(2);
  std::vector<float> outputs(10);
  EXPECT_THAT(error_of([&] { network.run(images, outputs); }).what(),
              ::testing::HasSubstr("10 floats an image"));
  EXPECT_THAT(error_of([&] { (void)network.run(std::span(images).first(100)); }).what(),
              ::testing::HasSubstr("192 floats each"));
}

}  // namespace
}  // namespace pollard::test
