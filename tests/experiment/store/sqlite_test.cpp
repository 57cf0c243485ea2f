#include "experiment/store/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::TemporaryFolder;
using test::thrown_by;
using ::testing::HasSubstr;

TEST(Database, KeepsWhatAStatementWrote) {
  const TemporaryFolder folder;
  const std::string odd("a\0'b\xc3\xa4", 6);
  {
    Database database(folder / "d");
    database.run("CREATE TABLE t(a, b, c); CREATE TABLE other(a)");
    Statement insert(database, "INSERT INTO t VALUES (?,?,?)");
    insert.run(odd, std::int64_t{1} << 40, 0.1);
    insert.run("", std::int64_t{-1}, -0.5);
  }
  Database database(folder / "d");
  Statement rows(database, "SELECT a, b, c FROM t WHERE b > ? ORDER BY b DESC");
  rows.bind(std::int64_t{-5});
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.text(0), odd);
  EXPECT_EQ(rows.integer(1), std::int64_t{1} << 40);
  EXPECT_EQ(rows.real(2), 0.1);
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.text(0), "");
  EXPECT_FALSE(rows.step());
  ASSERT_TRUE(rows.bind(std::int64_t{0}).step());  // bound anew, it starts anew
  EXPECT_EQ(rows.text(0), odd);
  EXPECT_EQ(database.number("SELECT count(*) FROM t"), 2);
  EXPECT_EQ(database.number("SELECT a FROM other"), 0);
}

TEST(Database, InMemoryIsItsOwn) {
  Database one = Database::in_memory("one"), two = Database::in_memory("two");
  one.run("CREATE TABLE t(a)");
  EXPECT_THAT(thrown_by([&] { two.run("SELECT * FROM t"); }).what(), HasSubstr("no such table"));
}

TEST(Transaction, IsAllOrNothing) {
  Database database = Database::in_memory("d");
  database.run("CREATE TABLE t(a)");
  {
    Transaction transaction(database);
    database.run("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(database.number("SELECT count(*) FROM t"), 0);
  {
    Transaction transaction(database);
    database.run("INSERT INTO t VALUES (1)");
    transaction.commit();
  }
  EXPECT_EQ(database.number("SELECT count(*) FROM t"), 1);
}

TEST(Database, ReadsWhileAnotherWrites) {
  const TemporaryFolder folder;
  Database writer(folder / "d"), reader(folder / "d");
  writer.run("CREATE TABLE t(a)");
  Transaction transaction(writer);
  writer.run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 0);
  transaction.commit();
  EXPECT_EQ(reader.number("SELECT count(*) FROM t"), 1);
}

TEST(Database, ErrorsNameTheFileAndTellDamageFromTheRest) {
  const TemporaryFolder folder;
  write_file(folder / "text", std::string(5000, 'x'));
  const Error damaged = thrown_by([&] { Database database(folder / "text"); });
  EXPECT_EQ(damaged.code(), ErrorCode::Input);
  EXPECT_THAT(damaged.what(), HasSubstr((folder / "text").string()));
  EXPECT_FALSE(damaged.hint().empty());

  const Error missing = thrown_by([&] { Database database(folder / "no/d"); });
  EXPECT_EQ(missing.code(), ErrorCode::Io);
  EXPECT_THAT(missing.what(), HasSubstr((folder / "no/d").string()));

  Database database(folder / "d");
  const Error bad = thrown_by([&] { const Statement statement(database, "SELEKT"); });
  EXPECT_EQ(bad.code(), ErrorCode::Internal);
  EXPECT_THAT(bad.what(), HasSubstr("SELEKT"));
  database.run("CREATE TABLE t(a PRIMARY KEY)");
  Statement insert(database, "INSERT INTO t VALUES (?)");
  insert.run("x");
  EXPECT_EQ(thrown_by([&] { insert.run("x"); }).code(), ErrorCode::Io);
  insert.run("y");  // and goes on
  EXPECT_EQ(database.number("SELECT count(*) FROM t"), 2);
}

}  // namespace
}  // namespace pollard
