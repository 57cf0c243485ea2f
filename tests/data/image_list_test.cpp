#include "data/image_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;
using testing::ElementsAre;

class Listing : public testing::Test {
 protected:
  void write(const std::string& name, std::size_t size = 3) const {
    write_bytes(folder_.path() / name, Bytes(size, 1));
  }
  [[nodiscard]] std::vector<std::string> names(const ImageList& list) const {
    std::vector<std::string> out;
    for (const auto& image : list.images) out.push_back(image.name);
    return out;
  }
  TemporaryFolder folder_;
};

TEST_F(Listing, ClassesAndFilesAreSorted) {
  for (const char* name : {"b/2.JPEG", "b/1.png", "a/sub/3.jpg", "a/z.jpeg", "a/notes.txt",
                           "b/.hidden.jpg", ".cache/x.jpg", "top.jpg"})
    write(name);
  const ImageList list = list_images(folder_.path());
  EXPECT_THAT(list.classes, ElementsAre("a", "b"));
  EXPECT_THAT(names(list), ElementsAre("a/sub/3.jpg", "a/z.jpeg", "b/1.png", "b/2.JPEG"));
  EXPECT_EQ(list.images[1].label, 0U);
  EXPECT_EQ(list.images[2].label, 1U);
  EXPECT_EQ(list.images[2].size, 3U);
}

TEST_F(Listing, GivenClassesDecideTheLabels) {
  write("dog/1.jpg");
  write("cat/1.jpg");
  const ImageList list = list_images(folder_.path(), {"horse", "dog", "cat"});
  EXPECT_THAT(names(list), ElementsAre("dog/1.jpg", "cat/1.jpg"));
  EXPECT_EQ(list.images[0].label, 1U);
  expect_error(ErrorCode::Input, "cat' is none of the 2 classes", "did you mean 'cats'?", [&] {
    (void)list_images(folder_.path(), {"cats", "dog"});
  });
}

TEST_F(Listing, WhatIsMissingIsSaid) {
  expect_error(ErrorCode::Io, "cannot read the folder", "data.path",
               [&] { (void)list_images(folder_.path() / "none"); });
  expect_error(ErrorCode::Input, "has no class folders", "CLASS",
               [&] { (void)list_images(folder_.path()); });
  write("a/readme.txt");
  expect_error(ErrorCode::Input, "no picture in them", ".png",
               [&] { (void)list_images(folder_.path()); });
}

TEST_F(Listing, TheFingerprintChangesWithTheFiles) {
  write("a/1.jpg");
  const std::string before = fingerprint(list_images(folder_.path()));
  EXPECT_EQ(fingerprint(list_images(folder_.path())), before);
  write("a/1.jpg", 4);
  const std::string grown = fingerprint(list_images(folder_.path()));
  EXPECT_NE(grown, before);
  std::filesystem::rename(folder_.path() / "a", folder_.path() / "b");
  EXPECT_NE(fingerprint(list_images(folder_.path())), grown);
}

}  // namespace
}  // namespace pollard
