// Files broken in a thousand ways, always the same ones: each is read, or refused by an error that
// names it; none crashes, takes long or needs much memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>

#include "graph/checkpoint_seeds.h"
#include "pollard/random.h"

namespace pollard::test {
namespace {

constexpr std::uint32_t kCases = 1000;  // of each kind

// ---- ways to break ----------------------------------------------------------------------------

std::size_t anywhere(RandomStream& random, const std::string& text) {
  return random.below(static_cast<std::uint32_t>(text.size() + 1));
}

void flip_a_bit(RandomStream& random, std::string& text) {
  if (text.empty()) return;
  text[anywhere(random, text) % text.size()] ^= static_cast<char>(1U << random.below(8));
}

void cut(RandomStream& random, std::string& text) { text.resize(anywhere(random, text)); }

void remove_a_piece(RandomStream& random, std::string& text) {
  text.erase(anywhere(random, text), 1 + random.below(40));
}

/// Copies a piece to somewhere else.
void splice(RandomStream& random, std::string& text) {
  const std::string piece = text.substr(anywhere(random, text), 1 + random.below(60));
  text.insert(anywhere(random, text), piece);
}

/// Writes a number over 1, 2, 4 or 8 bytes: the least, the greatest, or near the file's size.
void set_a_number(RandomStream& random, std::string& text) {
  const std::uint64_t numbers[] = {
      0,          1,          0x7F,        ~0ULL,           ~0ULL >> 1,
      1ULL << 63, 0x7FFFFFFF, text.size(), text.size() - 1, random.below(1 << 16)};
  const std::string bytes = raw(numbers[random.below(std::size(numbers))]);
  const std::size_t at = anywhere(random, text), size = std::size_t{1} << random.below(4);
  text.replace(at, size, bytes.substr(0, std::min(size, text.size() - at)));
}

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

using Break = void (*)(RandomStream&, std::string&);

/// One to three of the ways, at the address `index`.
std::string broken(std::string text, std::uint32_t index, const std::vector<Break>& ways) {
  RandomStream random(2025, Purpose::Testing, 1, index);
  for (std::uint32_t changes = 1 + random.below(3); changes > 0; --changes) {
    ways[random.below(static_cast<std::uint32_t>(ways.size()))](random, text);
  }
  return text;
}

const std::vector<Break> kAnyFile = {flip_a_bit, cut, remove_a_piece, splice, set_a_number};
const std::vector<Break> kPickle = {
    flip_a_bit, cut, remove_a_piece, splice, set_a_number, insert_opcodes, insert_opcodes};
const std::vector<Break> kZip = {edit_a_record, edit_a_record, flip_a_bit, cut};

// ---- what must hold ---------------------------------------------------------------------------

std::int64_t peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// A thousand files of one kind.
void expect_all_read_or_refused(const std::function<std::string(std::uint32_t)>& make) {
  using Clock = std::chrono::steady_clock;
  [[maybe_unused]] const std::int64_t peak = peak_megabytes();
  Tally tally;
  for (std::uint32_t index = 0; index < kCases; ++index) {
    SCOPED_TRACE(index);
    const std::string file = make(index);
    const Clock::time_point begin = Clock::now();
    ASSERT_NO_FATAL_FAILURE(expect_read_or_refused(file, tally));
    ASSERT_LT(Clock::now() - begin, std::chrono::seconds(2));
  }
  EXPECT_GT(tally.refused, kCases / 10);
#ifndef POLLARD_SANITIZE  // which keeps freed memory aside
  EXPECT_LT(peak_megabytes() - peak, 200);
#endif
}

TEST(BrokenFiles, TheSeedsAreGood) {
  for (const Seed& seed : {plain_seed(), rich_seed()}) {
    for (const std::string& file : {seed.as_new(), seed.as_new(Zip64::Yes), seed.as_old()}) {
      EXPECT_EQ(decode_weights(bytes_of(file), "seed").tensors.size(), 2U);
    }
  }
  EXPECT_EQ(decode_weights(bytes_of(safetensors_seed()), "seed").tensors.size(), 2U);
}

TEST(BrokenFiles, PicklesInArchivesWithTheRightChecksums) {
  expect_all_read_or_refused([](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.pickle = broken(seed.pickle, index, kPickle);
    return seed.as_new(index % 4 < 2 ? Zip64::No : Zip64::Yes);
  });
}

TEST(BrokenFiles, PicklesInOldFiles) {
  expect_all_read_or_refused([](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.pickle = broken(seed.pickle, index, kPickle);
    return seed.as_old();
  });
}

TEST(BrokenFiles, OldFiles) {
  expect_all_read_or_refused([](std::uint32_t index) {
    return broken((index % 2 == 0 ? plain_seed() : rich_seed()).as_old(), index, kAnyFile);
  });
}

TEST(BrokenFiles, Archives) {
  expect_all_read_or_refused([](std::uint32_t index) {
    const Zip64 zip64 = index % 2 == 0 ? Zip64::No : Zip64::Yes;
    return broken(rich_seed().as_new(zip64), index, index % 4 < 2 ? kZip : kAnyFile);
  });
}

TEST(BrokenFiles, StoragesOfArchives) {
  expect_all_read_or_refused([](std::uint32_t index) {
    Seed seed = index % 2 == 0 ? plain_seed() : rich_seed();
    seed.storages["0"].second = broken(seed.storages["0"].second, index, kAnyFile);
    return seed.as_new();
  });
}

TEST(BrokenFiles, Safetensors) {
  expect_all_read_or_refused(
      [](std::uint32_t index) { return broken(safetensors_seed(), index, kAnyFile); });
}

}  // namespace
}  // namespace pollard::test
