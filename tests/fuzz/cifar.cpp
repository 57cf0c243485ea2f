// CIFAR: the input as a pickled batch, as a file of either binary version, and as an archive that
// holds such files.
#include "data/archives.h"
#include "data/cifar_pickle.h"
#include "data/readers.h"
#include "fuzz/mended.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"
#include "pollard/error.h"

namespace pollard::fuzz {
namespace {

template <typename Read>
void refused_or(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Internal) throw;
  }
}

testing_data::Bytes records(std::size_t labels, std::size_t count) {
  testing_data::Bytes file((labels + 3072) * count);
  for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<std::uint8_t>(i % 7);
  return file;
}

}  // namespace

void read(Input input) {
  static const Scratch scratch;
  const std::string file = mended_tar(std::string(text_of(input)));
  for (const std::int64_t classes : {10, 100}) {
    refused_or([&] { (void)read_cifar_pickle(input, "input", classes); });
    const auto path = scratch.write(classes == 10 ? "test_batch.bin" : "test.bin", file);
    refused_or([&] { (void)read_cifar(scratch.path(), Split::Test, classes); });
    refused_or([&] { (void)read_cifar(path, Split::Test, classes); });
  }
}

std::vector<std::string> seeds() {
  using namespace testing_data;
  const Bytes planes(3072, 5);
  std::vector<Bytes> files = {records(1, 1), records(2, 1), records(1, 2)};
  for (const bool as_bytes : {false, true}) {
    files.push_back(CifarPickle{.labels = {3}, .planes = planes, .as_bytes = as_bytes}.file());
    files.push_back(CifarPickle{
        .labels_key = "fine_labels", .labels = {9}, .planes = planes, .as_bytes = as_bytes}
                        .file());
  }
  const Bytes binary = tar_archive(
      {{"readme", to_bytes("text")}, {"./cifar-10-batches-bin/test_batch.bin", records(1, 1)}});
  Bytes long_name = tar_member("x", to_bytes("37 path=cifar-100-python/a/../../test\n"), 'x');
  append(long_name, tar_member("longlink", to_bytes("cifar-100-python/test"), 'L'));
  append(long_name, tar_archive({{"short", files[4]}}));
  for (const Bytes& archive : {binary, gzipped(binary), long_name,
                               tar_archive({{"cifar-10-batches-py/test_batch", files[3]}})})
    files.push_back(archive);
  std::vector<std::string> texts;
  for (const Bytes& file : files) texts.push_back(text_from(file));
  return texts;
}

}  // namespace pollard::fuzz
