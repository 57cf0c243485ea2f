// Broken files of weights: PyTorch's, new and old, and safetensors.
#include <gtest/gtest.h>

#include "graph/checkpoint_seeds.h"
#include "support/broken_bytes.h"

namespace pollard::test {
namespace {

/// Opcodes, and whole phrases of them, where they do not belong.
void insert_opcodes(RandomStream& random, std::string& text) {
  static const std::vector<std::string> phrases = {
      "(",
      ")",
      "]",
      "}",
      "t",
      "u",
      "e",
      "a",
      "s",
      "R",
      "b",
      "Q",
      "0",
      "1",
      "2",
      "N",
      "o",
      ".",
      "\x81",
      "\x85",
      "\x86",
      "\x87",
      "\x93",
      "\x94",
      "\x8f",
      "\x90",
      "\x91",
      "\x92",
      "\x82\x01",
      "h\x01",
      "q\x01",
      "j" + raw(~0U),
      "r" + raw(~0U),
      "K\xFF",
      "J" + raw(INT32_MIN),
      op::whole(INT64_MAX),
      op::whole(-1),
      "X" + raw(~0U),
      "\x8d" + raw(~0ULL),
      "\x95" + raw(~0ULL),
      "\x8b" + raw(~0U),
      "\x8a\xFF",
      "\x80\x05",
      "\x80\xFF",
      "I9\n",
      "L\n",
      "S'\n",
      "p1\n",
      "g99999999999999999999\n",
      "cos\nsystem\nVtrue\n\x85R",
      "ctorch._utils\n_rebuild_tensor_v2\n",
      "ctorch\nSize\n",
      "ccollections\nOrderedDict\n)R",
      "(Vstorage\nctorch\nLongStorage\nV0\nV1\nK\x06tQ",
      "(Vmodule\ncx\ny\nNNtQ"};
  const auto which = random.below(static_cast<std::uint32_t>(phrases.size()));
  text.insert(anywhere(random, text), phrases[which]);
}

/// A number in one of the zip archive's records.
void edit_a_record(RandomStream& random, std::string& text) {
  static const std::vector<std::string> signatures = {"PK\1\2", "PK\3\4", "PK\5\6", "PK\6\6",
                                                      "PK\6\7"};
  std::vector<std::size_t> found;
  for (const std::string& signature : signatures) {
    for (std::size_t at = text.find(signature); at != std::string::npos;
         at = text.find(signature, at + 1)) {
      found.push_back(at);
    }
  }
  if (found.empty()) return;
  const std::size_t at = found[random.below(static_cast<std::uint32_t>(found.size()))];
  std::string record = text.substr(at, 56);
  set_a_number(random, record);
  text.replace(at, record.size(), record);
}

const std::vector<Break> kPickle = {
    flip_a_bit, cut, remove_a_piece, splice, set_a_number, insert_opcodes, insert_opcodes};
const std::vector<Break> kZip = {edit_a_record, edit_a_record, flip_a_bit, cut};

TEST(BrokenFiles, TheSeedsAreGood) {
  for (const Seed& seed : {plain_seed(), rich_seed()}) {
    for (const std::string& file : {seed.as_new(), seed.as_new(Zip64::Yes), seed.as_old()}) {
      EXPECT_EQ(decode_weights(bytes_of(file), "seed").tensors.size(), 2U);
    }
  }
  EXPECT_EQ(decode_weights(bytes_of(safetensors_seed()), "seed").tensors.size(), 2U);
}

TEST(BrokenFiles, PicklesInArchivesWithTheRightChecksums) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.pickle = broken(seed.pickle, index, kPickle);
    return seed.as_new(index % 4 < 2 ? Zip64::No : Zip64::Yes);
  });
}

TEST(BrokenFiles, PicklesInOldFiles) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.pickle = broken(seed.pickle, index, kPickle);
    return seed.as_old();
  });
}

TEST(BrokenFiles, OldFiles) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    return broken((index % 2 == 0 ? plain_seed() : rich_seed()).as_old(), index, kAnyFile);
  });
}

TEST(BrokenFiles, Archives) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    const Zip64 zip64 = index % 2 == 0 ? Zip64::No : Zip64::Yes;
    return broken(rich_seed().as_new(zip64), index, index % 4 < 2 ? kZip : kAnyFile);
  });
}

TEST(BrokenFiles, StoragesOfArchives) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.storages["0"].second = broken(seed.storages["0"].second, index, kAnyFile);
    return seed.as_new();
  });
}

TEST(BrokenFiles, Safetensors) {
  expect_all_read_or_refused(read_weights, [](std::uint32_t index) {
    return broken(safetensors_seed(), index, kAnyFile);
  });
}

}  // namespace
}  // namespace pollard::test
