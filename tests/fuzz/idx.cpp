// IDX: a file of images and one of labels, in one input with a line of dashes between them.
#include "data/readers.h"
#include "data/synthetic.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"

namespace pollard::fuzz {
namespace {

using testing_data::Bytes;
constexpr std::string_view kBetween = "\n----\n";

Bytes idx_file(const std::vector<std::uint8_t>& sizes) {
  Bytes file = {0, 0, 8, static_cast<std::uint8_t>(sizes.size())};
  std::size_t count = 1;
  for (const std::uint8_t size : sizes) {
    testing_data::append(file, {0, 0, 0, size});
    count *= size;
  }
  for (std::size_t i = 0; i < count; ++i) file.push_back(static_cast<std::uint8_t>(i % 10));
  return file;
}

}  // namespace

void read(Input input) {
  static const Scratch scratch;
  const std::string_view text = text_of(input);
  const std::size_t end = std::min(text.find(kBetween), text.size());
  scratch.write("train-images-idx3-ubyte", text.substr(0, end));
  scratch.write("train-labels-idx1-ubyte",
                text.substr(std::min(end + kBetween.size(), text.size())));
  (void)read_idx(scratch.path(), Split::Train, "");
}

std::vector<std::string> seeds() {
  const Bytes images = idx_file({3, 4, 5}), labels = idx_file({3});
  const auto both = [](const Bytes& a, const Bytes& b) {
    return text_from(a) + std::string(kBetween) + text_from(b);
  };
  return {both(images, labels), both(testing_data::gzipped(images), testing_data::gzipped(labels)),
          both(testing_data::gzipped(idx_file({200, 28, 28})), idx_file({200})),
          both(images, idx_file({2})), both(labels, images)};
}

}  // namespace pollard::fuzz
