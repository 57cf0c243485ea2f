// Files broken in a thousand ways, always the same ones: each is read, or refused by an error that
// names it; none crashes, takes long, needs much memory or has anything executed.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <functional>

#include "core/files.h"
#include "graph/pytorch_writer.h"
#include "pollard/pytorch_file.h"
#include "pollard/random.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint32_t kCases = 1000;  // of each kind

/// A good checkpoint, in parts.
struct Seed {
  std::string pickle;
  std::map<std::string, std::pair<std::int64_t, std::string>> storages;  // elements and bytes

  [[nodiscard]] std::string as_new(Zip64 zip64 = Zip64::No) const {
    std::map<std::string, std::string> bytes;
    for (const auto& [key, content] : storages) bytes.emplace(key, content.second);
    return new_file(pickle, bytes, zip64);
  }
  [[nodiscard]] std::string as_old() const { return old_file(pickle, storages); }
};

Seed plain_seed() {
  const op::Storage weight{"FloatStorage", "0", 6}, bias{"HalfStorage", "1", 3};
  return {pickled(op::dict({{"fc.weight", op::tensor(weight, 0, {3, 2}, {1, 3})},
                            {"fc.bias", op::tensor(bias, 1, {2}, {1})}})),
          {{"0", {6, raw<float>({1, 2, 3, 4, 5, 6})}}, {"1", {3, raw<std::int16_t>({7, 8, 9})}}}};
}

/// Protocol 4, a memo, a shared storage, masks, and the rest of a training's state.
Seed rich_seed() {
  const auto name = [](std::string_view text) {
    return "\x8c" + std::string(1, static_cast<char>(text.size())) + std::string(text) + "\x94";
  };
  const auto named = [&](std::string_view module, std::string_view global) {
    return name(module) + name(global) + "\x93\x94";
  };
  const std::string id =
      name("storage") + named("torch", "FloatStorage") + name("0") + name("cuda:0") + "K\x06t\x94Q";
  const auto view = [&](const std::string& storage, const std::string& place) {
    return named("torch._utils", "_rebuild_tensor_v2") + "(" + storage + place + "\x89" +
           named("collections", "OrderedDict") + ")Rt\x94R\x94";
  };
  const std::string state = "}\x94(" + name("module.w_orig") +
                            view("(" + id, "K\0K\x06\x85K\1\x85"s) + name("module.w_mask") +
                            view("(" + id, "K\0K\x06\x85K\1\x85"s) + name("module.n") +
                            view("(" + id, "K\5))"s) + "u";
  const std::string arguments =
      named("argparse", "Namespace") + ")\x81}\x94(" + name("lr") + "G????????ub";
  std::string body = "}\x94(" + name("epoch") + "K\3" + name("args") + arguments +
                     name("state_dict") + state + "u.";
  return {"\x80\x04\x95" + raw<std::uint64_t>(body.size()) + body,
          {{"0", {6, raw<float>({1, 0, 1, 0, 1, 0})}}}};
}

std::string safetensors_seed() {
  Safetensors content;
  content.metadata = {{"model", "resnet20"}};
  content.tensors["a"] = HostTensor::zeros(DType::F32, {2, 3});
  content.tensors["b"] = HostTensor::zeros(DType::I64, {});
  const std::vector<std::byte> bytes = encode_safetensors(content);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

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

struct Tally {
  std::uint32_t read = 0, refused = 0;
};

/// Reads it, or counts the error; anything else fails the test.
void expect_read_or_refused(const std::string& file, Tally& tally) {
  try {
    const Safetensors content = decode_weights(bytes_of(file), "broken.pth");
    std::size_t held = 0;
    for (const auto& entry : content.tensors) held += entry.second.bytes.size();
    ASSERT_LE(held, (std::size_t{64} << 20) + 16 * file.size());
    ++tally.read;
  } catch (const Error& error) {
    ASSERT_EQ(error.code(), ErrorCode::Input) << error.what();
    ASSERT_THAT(error.what(), StartsWith("broken.pth: "));
    ASSERT_LT(std::string(error.what()).size(), 2000U);
    ASSERT_FALSE(error.hint().empty()) << error.what();
    ++tally.refused;
  }
}

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

// ---- hostile pickles --------------------------------------------------------------------------

/// Every call that creates the file `marker` when Python unpickles it.
std::vector<std::string> attacks(const std::string& marker) {
  const std::string touch = op::text("touch '" + marker + "'");
  const std::string python = op::text("__import__('os').system('touch \"" + marker + "\"')");
  const std::string system = op::global("os", "system");
  const std::string run = op::call(system, {touch});
  const std::string import_os = op::call(op::global("builtins", "__import__"), {op::text("os")});
  const std::string partial = op::global("functools", "partial");
  return {
      run,
      op::call(op::global("posix", "system"), {touch}),
      op::call(op::global("builtins", "eval"), {python}),
      op::call(op::global("builtins", "exec"), {python}),
      op::call(op::global("__builtin__", "eval"), {python}),
      op::call(op::global("subprocess", "check_call"),
               {"](" + op::text("touch") + op::text(marker) + "e"}),
      op::call(op::global("io", "open"), {op::text(marker), op::text("w")}),
      op::call(op::global("timeit", "timeit"), {op::text("pass"), python}),
      "\x8c\x02os\x8c\x06system\x93" + touch + "\x85R",             // STACK_GLOBAL
      "(" + touch + "ios\nsystem\n",                                // INST
      "(" + system + touch + "o",                                   // OBJ
      partial + "(" + system + touch + "t\x81)R",                   // NEWOBJ
      partial + "(" + system + touch + "t}\x92)R",                  // NEWOBJ_EX
      partial + system + "\x85R(" + system + touch + "\x85}}tb)R",  // BUILD, then a call
      op::call(op::call(op::global("copyreg", "__newobj__"), {partial, system, touch}), {}),
      op::call(op::call(op::global("builtins", "getattr"), {import_os, op::text("system")}),
               {touch}),
      op::call(op::global("collections", "deque"),
               {op::call(op::global("builtins", "map"), {system, "](" + touch + "e"})}),
      op::call(op::global("collections", "OrderedDict"),
               {op::call(op::global("builtins", "map"), {system, "](" + touch + "e"})}),
      op::call(op::global("pickle", "loads"),
               {"B" + raw(static_cast<std::uint32_t>(run.size() + 1)) + run + "."}),
  };
}

/// Files that have the attack done: alone, among tensors, instead of what makes a tensor, inside
/// the fields of a storage.
std::vector<std::string> files_with(const std::string& attack) {
  const Seed seed = plain_seed();
  const std::string weight = op::tensor({"FloatStorage", "0", 6}, 0, {6}, {1});
  std::vector<std::string> files;
  for (const std::string& value :
       {attack, op::dict({{"w", weight}, {"x", attack}}),
        op::dict({{"args", attack}, {"w", weight}}),
        op::dict({{"w", op::call(op::global("torch._utils", "_rebuild_tensor_v2"),
                                 {attack, "K\1", "K\1\x85", "K\1\x85"})}}),
        op::dict({{"w", "(" + op::text("storage") + attack + attack + attack + "K\1tQ"}})}) {
    const Seed made{pickled(value), seed.storages};
    files.push_back(made.as_new());
    files.push_back(made.as_old());
  }
  return files;
}

TEST(BrokenFiles, HaveNothingExecuted) {
  const TemporaryFolder folder;
  const std::filesystem::path marker = folder / "executed";
  Tally tally;
  for (const std::string& attack : attacks(marker.string())) {
    for (const std::string& file : files_with(attack)) {
      ASSERT_NO_FATAL_FAILURE(expect_read_or_refused(file, tally));
      ASSERT_FALSE(std::filesystem::exists(marker)) << attack;
    }
  }
  EXPECT_GT(tally.read, 0U);  // where a good tensor is beside it
  EXPECT_GT(tally.refused, 0U);
}

// The attacks above are real: Python falls for each.
TEST(BrokenFiles, WouldHaveThingsExecutedByPython) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
  const TemporaryFolder folder;
  const std::size_t count = attacks("").size();
  const auto path = [&](const char* kind, std::size_t i) {
    return folder / (kind + std::to_string(i));
  };
  for (std::size_t i = 0; i < count; ++i) {
    const std::string attack = attacks(path("executed", i).string())[i];
    write_file(path("attack", i), std::string_view(pickled(attack)));
  }
  write_file(folder / "load.py",
             std::string_view("import pickle, sys\n"
                              "for i in range(int(sys.argv[2])):\n"
                              "    try:\n"
                              "        with open(f'{sys.argv[1]}/attack{i}', 'rb') as file:\n"
                              "            pickle.load(file)\n"
                              "    except Exception:\n"
                              "        pass\n"));
  const std::string load = "python3 '" + (folder / "load.py").string() + "' '" +
                           folder.path().string() + "' " + std::to_string(count);
  ASSERT_EQ(std::system(load.c_str()), 0);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(std::filesystem::exists(path("executed", i))) << attacks("MARKER")[i];
  }
}

}  // namespace
}  // namespace pollard::test
