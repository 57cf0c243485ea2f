#include "train/rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using Map = std::map<std::string, std::string>;

std::optional<Rendezvous> found_in(const Map& variables) {
  return find_rendezvous([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

const Map kTorchrun = {{"WORLD_SIZE", "4"},
                       {"RANK", "2"},
                       {"LOCAL_RANK", "1"},
                       {"MASTER_ADDR", "node7"},
                       {"MASTER_PORT", "1234"}};
const Map kSlurm = {{"SLURM_NTASKS", "4"},
                    {"SLURM_PROCID", "3"},
                    {"SLURM_LOCALID", "1"},
                    {"SLURM_JOB_NODELIST", "node[007-010,12],other"}};

Map with(Map variables, const Map& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

Map without(Map variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

TEST(Rendezvous, IsNotThereForOneProcess) {
  EXPECT_FALSE(found_in({}));
  EXPECT_FALSE(found_in(with(kTorchrun, {{"WORLD_SIZE", "1"}})));
  EXPECT_FALSE(found_in(with(kTorchrun, {{"WORLD_SIZE", ""}})));
  EXPECT_FALSE(found_in(with(kSlurm, {{"SLURM_NTASKS", "1"}})));
}

TEST(Rendezvous, FollowsTorchrun) {
  const Rendezvous r = found_in(kTorchrun).value();
  EXPECT_EQ(r.rank, 2);
  EXPECT_EQ(r.size, 4);
  EXPECT_EQ(r.local_rank, 1);
  EXPECT_EQ(r.host, "node7");
  EXPECT_EQ(r.port, 1234);
  EXPECT_FALSE(r.launcher_listens);
  EXPECT_EQ(found_in(without(kTorchrun, "MASTER_PORT"))->port, 29500);
  EXPECT_EQ(found_in(with(kSlurm, kTorchrun))->rank, 2);
}

TEST(Rendezvous, LeavesListeningToALauncherThatDoesIt) {
  const Rendezvous r = found_in(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                                 {"TORCHELASTIC_RESTART_COUNT", "1"}}))
                           .value();
  EXPECT_TRUE(r.launcher_listens);
  EXPECT_EQ(r.prefix, "/worker/attempt_1");
}

TEST(Rendezvous, FollowsSlurm) {
  const Rendezvous r = found_in(kSlurm).value();
  EXPECT_EQ(r.rank, 3);
  EXPECT_EQ(r.size, 4);
  EXPECT_EQ(r.local_rank, 1);
  EXPECT_EQ(r.host, "node007");
  const Map step = with(kSlurm, {{"SLURM_JOB_ID", "41"}, {"SLURM_STEP_ID", "0"}});
  EXPECT_NE(found_in(step)->port, found_in(with(step, {{"SLURM_JOB_ID", "42"}}))->port);
  EXPECT_EQ(found_in(with(step, {{"SLURM_STEP_NODELIST", "node9"}}))->host, "node9");
  EXPECT_EQ(found_in(with(step, {{"MASTER_PORT", "99"}}))->port, 99);
  EXPECT_EQ(found_in(with(without(step, "SLURM_JOB_NODELIST"),
                          {{"SLURM_LAUNCH_NODE_IPADDR", "10.0.0.1"}}))
                ->host,
            "10.0.0.1");
}

// `sbatch --ntasks=4` runs its script once, with these variables: what the script starts itself is
// one process.
TEST(Rendezvous, IsNotThereInABatchScript) {
  EXPECT_FALSE(found_in(with(kSlurm, {{"SLURM_JOB_ID", "41"}})));
}

TEST(Rendezvous, NamesWhatIsMissingOrWrong) {
  const auto error = [](const Map& variables) {
    return std::string(thrown_by([&] { (void)found_in(variables); }).what());
  };
  EXPECT_THAT(error(without(kTorchrun, "RANK")), HasSubstr("RANK is missing"));
  EXPECT_THAT(error(without(kTorchrun, "MASTER_ADDR")), HasSubstr("MASTER_ADDR is missing"));
  EXPECT_THAT(error(with(kTorchrun, {{"RANK", "4"}})), HasSubstr("RANK is '4', expected"));
  EXPECT_THAT(error(with(kTorchrun, {{"WORLD_SIZE", "two"}})), HasSubstr("WORLD_SIZE is 'two'"));
  EXPECT_THAT(error(with(kTorchrun, {{"MASTER_PORT", "70000"}})), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(error(without(kSlurm, "SLURM_JOB_NODELIST")), HasSubstr("SLURM_JOB_NODELIST"));
}

TEST(FirstHost, ReadsSlurmsLists) {
  EXPECT_EQ(first_host("node1"), "node1");
  EXPECT_EQ(first_host("node1,node2"), "node1");
  EXPECT_EQ(first_host("node[3-10,15],other"), "node3");
  EXPECT_EQ(first_host("node[15,17]"), "node15");
  EXPECT_EQ(first_host("rack[1-2]node[03-04]-ib,x"), "rack1node03-ib");
  EXPECT_EQ(first_host("login,node[1-2]"), "login");
  EXPECT_EQ(first_host(""), "");
}

}  // namespace
}  // namespace pollard
