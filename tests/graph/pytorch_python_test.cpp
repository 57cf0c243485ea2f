// Files that Python's PyTorch writes, in both formats, compared byte by byte with its own tensors
// (write_checkpoints.py). Skips where there is no PyTorch for Python.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "core/files.h"
#include "pollard/pytorch_file.h"
#include "support/python.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// POLLARD_DATA's ResNet-20, or "".
std::string published_weights() {
  const char* data = std::getenv("POLLARD_DATA");
  const fs::path path =
      fs::path(data == nullptr ? "" : data) / "weights/resnet20-cifar10.safetensors";
  return fs::exists(path) ? path.string() : "";
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  return fields;
}

Shape parse_shape(const std::string& text) {
  Shape shape;
  std::istringstream in(text);
  for (std::string size; std::getline(in, size, ',');) shape.push_back(std::stoll(size));
  return shape;
}

/// What the script says is in a file, or why it must be refused.
struct Expected {
  std::map<std::string, std::vector<std::string>> tensors;  // dtype, shape, file of the elements
  std::string refusal;
};

std::map<std::string, Expected> read_expected(const fs::path& path) {
  std::map<std::string, Expected> files;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.at(1) == "refused") {
      files[fields[0]].refusal = fields.at(2);
    } else {
      files[fields[0]].tensors[fields[1]] = {fields.at(2), fields.at(3), fields.at(4)};
    }
  }
  return files;
}

void expect_tensors(const TensorMap& read, const Expected& expected, const fs::path& folder) {
  EXPECT_EQ(read.size(), expected.tensors.size());
  for (const auto& [name, fields] : expected.tensors) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(read.contains(name));
    const HostTensor& tensor = read.at(name);
    EXPECT_EQ(dtype_name(tensor.dtype), fields[0]);
    EXPECT_EQ(tensor.shape, parse_shape(fields[1]));
    EXPECT_TRUE(tensor.bytes == read_bytes(folder / fields[2]));
  }
}

TEST(PytorchFromPython, IsReadAsItWasWritten) {
  const std::string python = find_python();
  if (python.empty()) GTEST_SKIP() << kNoPython;
  const TemporaryFolder folder;
  const std::string weights = published_weights();
  const std::string command = python + " '" + POLLARD_WRITE_CHECKPOINTS + "' '" +
                              folder.path().string() + "' '" + weights + "'";
  ASSERT_EQ(
      std::system((weights.empty() ? command.substr(0, command.size() - 3) : command).c_str()), 0);
  const std::map<std::string, Expected> files = read_expected(folder / "expected.txt");
  EXPECT_GT(files.size(), 30U);
  for (const auto& [file, expected] : files) {
    SCOPED_TRACE(file);
    const fs::path path = folder / file;
    if (expected.refusal.empty()) {
      expect_tensors(read_pytorch(path), expected, folder.path());
    } else {
      EXPECT_THAT(thrown_by([&] { (void)read_pytorch(path); }).what(), HasSubstr(expected.refusal));
    }
  }
  if (!weights.empty()) {
    EXPECT_EQ(read_weights(folder / "published.th").tensors, read_weights(weights).tensors);
  }
}

}  // namespace
}  // namespace pollard::test
