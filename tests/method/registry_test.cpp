#include "method/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/parameters.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::Contains;
using ::testing::HasSubstr;

const Config config(parameter_table());

TEST(Registry, MakesEachMethodByItsName) {
  EXPECT_THAT(method_names(), Contains("dense"));
  for (const std::string& name : method_names()) EXPECT_EQ(make_method(name, config)->name(), name);
}

TEST(Registry, DenseMasksNothing) { EXPECT_TRUE(make_method("dense", config)->finish().empty()); }

TEST(Registry, UnknownNamesLeadToTheNearest) {
  const Error close = thrown_by([] { (void)make_method("dence", config); });
  EXPECT_EQ(close.code(), ErrorCode::Config);
  EXPECT_THAT(close.what(), HasSubstr("train.method='dence'"));
  EXPECT_EQ(close.hint(), "did you mean 'dense'?");
  for (const std::string name : {"", "gradual-magnitude", "xyz"}) {
    const Error far = thrown_by([&] { (void)make_method(name, config); });
    EXPECT_EQ(far.code(), ErrorCode::Config) << name;
    EXPECT_THAT(far.hint(), HasSubstr("dense")) << name;
  }
}

}  // namespace
}  // namespace pollard
