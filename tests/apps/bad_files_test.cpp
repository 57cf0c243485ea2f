// Data sets and weights that are damaged, hostile, or of another kind.
#include <gtest/gtest.h>

#include <cstring>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;

class BadFiles : public AppTest {
 protected:
  // A copy of the images in which one file is replaced.
  void broken(const std::string& folder, const std::string& name, const Bytes& bytes) const {
    fs::copy(path() / "mnist", path() / folder);
    fs::remove(path() / folder / "train-images-idx3-ubyte");
    write_bytes(path() / folder / name, bytes);
  }
  // A safetensors file of that header and four bytes of data.
  void weights(const std::string& name, const std::string& header) const {
    weights(name, header.size(), header);
  }
  void weights(const std::string& name, std::uint64_t length, const std::string& header) const {
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    spill(path() / name, bytes + header + "1234");
  }
  [[nodiscard]] static Words run(const Words& words) {
    return Words{"run", "out=fresh"} + tiny() + words;
  }
};

TEST_F(BadFiles, Idx) {
  const std::string text = slurp(path() / "mnist/train-images-idx3-ubyte");
  const std::string name = "train-images-idx3-ubyte";
  const Bytes whole(text.begin(), text.end());
  const Bytes zipped = testing_data::gzipped(whole);
  const auto first = [](const Bytes& bytes, std::size_t count) {
    return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  };
  const auto with_header = [&](std::initializer_list<std::uint32_t> header) {
    Bytes bytes;
    append_big_endian(bytes, header);
    bytes.insert(bytes.end(), whole.begin() + 16, whole.end());
    return bytes;
  };
  broken("plain", name, first(whole, 1000));
  broken("zipped", name + ".gz", first(zipped, zipped.size() / 2));
  broken("magic", name, with_header({0x801, 128, 8, 8}));
  broken("billions", name, with_header({0x803, 1U << 31, 8, 8}));
  broken("overflow", name, with_header({0x803, 1U << 31, 1U << 31, 1U << 31}));
  expect_all_refused(
      path(), {{run({"data.path=plain"}), {"'plain/train-images-idx3-ubyte'", "truncated"}},
               {run({"data.path=zipped"}), {"'zipped/train-images-idx3-ubyte.gz'", "truncated"}},
               {run({"data.path=magic"}), {"'magic/train-images-idx3-ubyte'", "0x00000801"}},
               {run({"data.path=billions"}), {"'billions/train-images-idx3-ubyte'", "2147483648"}},
               {run({"data.path=overflow"}), {"'overflow/train-images-idx3-ubyte'"}},
               {run({"data.path=gone"}), {"'gone/train-images-idx3-ubyte'", "data.path"}}});
}

TEST_F(BadFiles, Cifar) {
  const std::string images(4 * 3073, '\1');
  for (const int i : {1, 2, 3, 4, 5}) {
    spill(path() / ("cifar/data_batch_" + std::to_string(i) + ".bin"),
          i == 3 ? images.substr(7) : images);
  }
  spill(path() / "cifar/test_batch.bin", images);
  expect_all_refused(path(), {{{"run", "data=cifar10", "data.path=cifar", "out=fresh"},
                               {"'cifar/data_batch_3.bin'", "12285 bytes"}}});
}

TEST_F(BadFiles, Safetensors) {
  const auto tensor = [](const std::string& name, const std::string& shape,
                         const std::string& offsets) {
    return "{\"" + name + "\":{\"dtype\":\"F32\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}}";
  };
  weights("length.safetensors", 1ULL << 60, "{}");
  weights("product.safetensors", tensor("a", "[4294967296,4294967296]", "[0,4]"));
  weights("offsets.safetensors", tensor("a", "[100]", "[0,400]"));
  weights("codes.safetensors", tensor("a\\n\\u001b[31m", "[1]", "[0,4]"));
  spill(path() / "text.safetensors", "not weights at all");
  expect_all_refused(
      path(), {{run({"weights=length.safetensors"}), {"length.safetensors", "header"}},
               {run({"weights=product.safetensors"}), {"tensor 'a'", "too large"}},
               {run({"weights=offsets.safetensors"}), {"tensor 'a'", "400"}},
               {run({"weights=codes.safetensors"}), {"codes.safetensors", "resnet8"}},
               {run({"weights=text.safetensors"}), {"text.safetensors", "not a safetensors file"}},
               {run({"weights=mnist"}), {"'mnist'", "directory"}},
               {run({"weights=gone.safetensors"}), {"'gone.safetensors'"}}});
}

TEST_F(BadFiles, Pytorch) {
  spill(path() / "text.pth", "not weights at all");
  spill(path() / "zip.pt", "PK\x03\x04 and no more");
  spill(path() / "old.th", "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02");
  expect_all_refused(path(),
                     {{run({"weights=text.pth"}), {"text.pth", "no file of torch.save"}},
                      {run({"weights=zip.pt"}), {"zip.pt", "truncated"}},
                      {run({"weights=old.th"}), {"old.th", "more bytes were expected"}},
                      {{"inspect", "text.pth", "data.path=mnist"}, {"text.pth", "torch.save"}}});
}

TEST_F(BadFiles, OfAnotherNetwork) {
  must(Words{"train", "model=resnet8", "data=mnist", "data.path=mnist", "train.epochs=1",
             "out=dense"});
  const std::string whole = slurp(path() / "dense/model.safetensors");
  spill(path() / "half.safetensors", std::string_view(whole).substr(0, whole.size() / 2));
  const std::string dense = "weights=dense/model.safetensors";
  expect_all_refused(
      path(), {{run({"weights=half.safetensors"}), {"half.safetensors", "the file holds"}},
               {run({dense, "model=resnet14"}), {"dense/model.safetensors", "of resnet14"}},
               {run({dense, "model=lenet-300-100"}), {"dense/model.safetensors", "lenet-300-100"}},
               {run({dense, "out=dense"}), {"'dense' holds a run already"}}});
}

}  // namespace
}  // namespace pollard::test
