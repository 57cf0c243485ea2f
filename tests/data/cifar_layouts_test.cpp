// The layouts of CIFAR besides the plain binary files (cifar_test.cpp): pickles, archives,
// pictures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/archives.h"
#include "data/cifar_files.h"
#include "data/cifar_pickle.h"
#include "data/pictures.h"
#include "data/readers.h"

namespace pollard {
namespace {

using namespace testing_data;
using testing::ElementsAre;

// Planes of an image whose bytes tell image, plane and place.
Bytes planes(int image) {
  Bytes out;
  for (int plane = 0; plane < 3; ++plane) {
    for (int i = 0; i < 1024; ++i)
      out.push_back(static_cast<std::uint8_t>(7 * image + 80 * plane + i % 61));
  }
  return out;
}

Bytes many_planes(int first, std::size_t count) {
  Bytes out;
  for (std::size_t i = 0; i < count; ++i) append(out, planes(first + static_cast<int>(i)));
  return out;
}

Bytes pickle_of(const std::vector<int>& labels, const std::string& key = "labels") {
  return CifarPickle{.labels_key = key, .labels = labels, .planes = many_planes(0, labels.size())}
      .file();
}

void expect_images(const LabelledImages& read, const std::vector<int>& images) {
  ASSERT_EQ(read.pixels.size(), images.size() * 3072);
  for (std::size_t n = 0; n < images.size(); ++n) {
    const Bytes expected = planes(images[n]);
    for (std::size_t i = 0; i < 1024; ++i) {
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_EQ(read.pixels[n * 3072 + 3 * i + c], expected[c * 1024 + i]) << n << ' ' << i;
    }
  }
}

CifarBatch parsed(const Bytes& file, std::int64_t classes = 10) {
  return read_cifar_pickle(std::as_bytes(std::span(file)), "batch", classes);
}

TEST(CifarPickle, GivesPlanesAndLabels) {
  for (const bool as_bytes : {false, true}) {
    const Bytes file =
        CifarPickle{.labels = {3, 9}, .planes = many_planes(0, 2), .as_bytes = as_bytes}.file();
    const CifarBatch batch = parsed(file);
    EXPECT_THAT(batch.labels, ElementsAre(3, 9));
    const Bytes expected = many_planes(0, 2);
    EXPECT_EQ(batch.planes,
              std::string_view(reinterpret_cast<const char*>(expected.data()), expected.size()));
  }
}

TEST(CifarPickle, SaysWhatIsWrong) {
  const Bytes two = many_planes(0, 2);
  const std::pair<CifarPickle, std::string> cases[] = {
      {{.labels_key = "names", .labels = {1, 2}, .planes = two}, "has no 'labels'"},
      {{.labels = {1, 10}, .planes = two}, "label 10 of image 1, expected 0 to 9"},
      {{.labels = {1, -1}, .planes = two}, "label -1 of image 1"},
      {{.labels = {1}, .planes = two, .rows = 2}, "1 labels for 2 images"},
      {{.labels = {1, 2}, .planes = two, .rows = 3}, "has 6144 bytes, expected those of 3 images"},
      {{.labels = {1, 2}, .planes = two, .rows = -2}, "bytes an image"},
      {{.labels = {1, 2}, .planes = two, .columns = 3071}, "has not 3072 bytes an image"},
      {{.labels = {}, .planes = {}}, "has not 3072 bytes an image"},
  };
  for (const auto& [pickle, problem] : cases) {
    const Bytes file = pickle.rows == -2
                           ? CifarPickle{.labels = {1, 2}, .planes = two, .rows = 0}.file()
                           : pickle.file();
    expect_error(ErrorCode::Input, problem, "Python version", [&] { (void)parsed(file); });
  }
  expect_error(ErrorCode::Input, "no 'fine_labels'", "", [&] {
    (void)parsed(pickle_of({1, 2}), 100);
  });
  Bytes longer = pickle_of({1, 2});
  longer.push_back(0);
  expect_error(ErrorCode::Input, "1 bytes behind the pickle", "", [&] { (void)parsed(longer); });
  expect_error(ErrorCode::Input, "no pickled dictionary", "",
               [&] { (void)parsed(to_bytes("\x80\x02].")); });
}

TEST(CifarPickle, EveryTruncationIsAnError) {
  const Bytes whole = pickle_of({1, 2});
  for (std::size_t size = 0; size < whole.size(); size += size < 400 || size > 6300 ? 1 : 97) {
    expect_error(ErrorCode::Input, "batch", "", [&] { (void)parsed(first_bytes(whole, size)); });
  }
}

TEST(CifarPickle, DamagedBytesDoNoHarm) {
  const Bytes whole = pickle_of({1, 2});
  for (std::size_t at = 0; at < whole.size(); at += at < 420 ? 1 : 211) {
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      Bytes damaged = whole;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ change);
      try {
        EXPECT_EQ(parsed(damaged).labels.size(), 2U);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Input);
      }
    }
  }
}

class CifarPlaces : public testing::Test {
 protected:
  void write_pickles(const std::filesystem::path& folder) const {
    for (const auto& [name, file] : members("")) write_bytes(folder / name, file);
  }
  [[nodiscard]] static std::vector<std::pair<std::string, Bytes>> members(
      const std::string& before) {
    std::vector<std::pair<std::string, Bytes>> all = {{before + "readme.html", to_bytes("text")}};
    for (const int i : {3, 1, 2, 5, 4})  // an archive has them in any order
      all.emplace_back(before + "data_batch_" + std::to_string(i), pickle_of({i, 0}));
    all.emplace_back(before + "test_batch", pickle_of({7}));
    return all;
  }
  void check(const std::filesystem::path& path, const std::string& origin) const {
    const LabelledImages train = read_cifar(path, Split::Train, 10);
    EXPECT_THAT(train.labels, ElementsAre(1, 0, 2, 0, 3, 0, 4, 0, 5, 0));
    expect_images(train, {0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
    const LabelledImages test = read_cifar(path, Split::Test, 10);
    EXPECT_THAT(test.labels, ElementsAre(7));
    EXPECT_EQ(test.origin, origin);
  }
  [[nodiscard]] std::filesystem::path at(const std::string& name) const {
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
};

TEST_F(CifarPlaces, FoldersOfPickles) {
  write_pickles(at("cifar-10-batches-py"));
  const std::string origin =
      "the Python version of CIFAR-10 in '" + at("cifar-10-batches-py").string() + "'";
  check(folder_.path(), origin);
  check(at("cifar-10-batches-py"), origin);
}

TEST_F(CifarPlaces, ArchivesOfPicklesByNameAndWithin) {
  const Bytes archive = tar_archive(members("cifar-10-batches-py/"));
  for (const Bytes& file : {archive, gzipped(archive)}) {
    write_bytes(at("cifar-10-python.tar.gz"), file);
    const std::string origin =
        "the Python version of CIFAR-10 in '" + at("cifar-10-python.tar.gz").string() + "'";
    check(folder_.path(), origin);
    check(at("cifar-10-python.tar.gz"), origin);
  }
  write_bytes(at("mine.tar"), tar_archive(members("./cifar-10-batches-py/")));
  check(at("mine.tar"), "the Python version of CIFAR-10 in '" + at("mine.tar").string() + "'");
}

TEST_F(CifarPlaces, Cifar100OfBothVersions) {
  const auto pickled = pickle_of({42, 99}, "fine_labels");
  Bytes binary{19, 42};
  append(binary, planes(0));
  write_bytes(at("p.tgz"), gzipped(tar_archive({{"cifar-100-python/train", pickled},
                                                {"cifar-100-python/test", pickled}})));
  write_bytes(at("b.tgz"), gzipped(tar_archive({{"cifar-100-binary/train.bin", binary},
                                                {"cifar-100-binary/test.bin", binary}})));
  EXPECT_THAT(read_cifar(at("p.tgz"), Split::Test, 100).labels, ElementsAre(42, 99));
  const LabelledImages read = read_cifar(at("b.tgz"), Split::Train, 100);
  EXPECT_THAT(read.labels, ElementsAre(42));
  expect_images(read, {0});
  EXPECT_EQ(read.origin, "the binary version of CIFAR-100 in '" + at("b.tgz").string() + "'");
}

TEST_F(CifarPlaces, ArchivesThatLackFilesSayWhich) {
  auto some = members("cifar-10-batches-py/");
  some.erase(some.begin() + 2);
  write_bytes(at("a.tar"), tar_archive(some));
  expect_error(ErrorCode::Input, "has no member cifar-10-batches-py/data_batch_1", "fresh copy",
               [&] { (void)read_cifar(at("a.tar"), Split::Train, 10); });
  expect_error(ErrorCode::Input, "without the files of CIFAR-100", "cifar-100-python",
               [&] { (void)read_cifar(at("a.tar"), Split::Train, 100); });
}

TEST_F(CifarPlaces, TruncatedArchivesAreErrorsNamingThem) {
  const Bytes packed = gzipped(tar_archive(members("cifar-10-batches-py/")));
  for (std::size_t size = 0; size < packed.size() * 3 / 4; size += packed.size() / 40) {
    write_bytes(at("a.tgz"), first_bytes(packed, size));
    expect_error(ErrorCode::Input, at("a.tgz").string(), "",
                 [&] { (void)read_cifar(at("a.tgz"), Split::Train, 10); });
  }
}

TEST_F(CifarPlaces, NothingFoundSaysWhatIsExpected) {
  expect_error(ErrorCode::Io, "nor CIFAR-10 in another form", "cifar-10-python.tar.gz",
               [&] { (void)find_cifar(folder_.path(), 10); });
}

TEST_F(CifarPlaces, PicturesInClassFolders) {
  Bytes rgb;
  for (int i = 0; i < 1024; ++i) {
    for (int c = 0; c < 3; ++c) rgb.push_back(planes(5)[static_cast<std::size_t>(1024 * c + i)]);
  }
  for (int c = 0; c < 10; ++c) {
    const std::string name = c < 9 ? std::to_string(c) : "10";  // in order of numbers, not of names
    write_bytes(at("train") / name / "b.png", png_file(32, 32, PNG_COLOR_TYPE_RGB, 8, rgb));
    write_bytes(at("test") / name / "a.jpg", jpeg_file(32, 32));
  }
  const LabelledImages train = read_cifar(folder_.path(), Split::Train, 10);
  EXPECT_THAT(train.labels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  expect_images(train, {5, 5, 5, 5, 5, 5, 5, 5, 5, 5});
  EXPECT_EQ(read_cifar(folder_.path(), Split::Test, 10).labels.size(), 10U);
  expect_error(ErrorCode::Input, "has 10 class folders, expected 100", "imagefolder",
               [&] { (void)read_cifar(folder_.path(), Split::Train, 100); });
  write_bytes(at("train") / "0" / "c.png", png_file(32, 31));
  expect_error(ErrorCode::Input, "c.png' has 32 x 31 pixels, expected 32 x 32", "imagefolder",
               [&] { (void)read_cifar(folder_.path(), Split::Train, 10); });
}

}  // namespace
}  // namespace pollard
