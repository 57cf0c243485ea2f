// Pickles that have Python run a command: here they are read or refused, and nothing runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/files.h"
#include "graph/checkpoint_seeds.h"
#include "support/broken_bytes.h"
#include "support/temporary_folder.h"

namespace pollard::test {
namespace {

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

TEST(HostilePickles, HaveNothingExecuted) {
  const TemporaryFolder folder;
  const std::filesystem::path marker = folder / "executed";
  Tally tally;
  for (const std::string& attack : attacks(marker.string())) {
    for (const std::string& file : files_with(attack)) {
      ASSERT_NO_FATAL_FAILURE(expect_read_or_refused(file, read_weights, tally));
      ASSERT_FALSE(std::filesystem::exists(marker)) << attack;
    }
  }
  EXPECT_GT(tally.read, 0U);  // where a good tensor is beside it
  EXPECT_GT(tally.refused, 0U);
}

// Python falls for each.
TEST(HostilePickles, AreReal) {
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
