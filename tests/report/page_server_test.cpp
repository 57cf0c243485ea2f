#include "report/page/page_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/thrown.h"

namespace pollard {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What a server on this port says to these bytes.
std::string ask(int port, const std::string& request) {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(handle);
    throw std::runtime_error("cannot connect");
  }
  std::string answer;
  if (::send(handle, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char part[4096];
    for (ssize_t n = 1; n > 0;
         answer.append(part, static_cast<std::size_t>(std::max<ssize_t>(n, 0))))
      n = ::recv(handle, part, sizeof part, 0);
  }
  ::close(handle);
  return answer;
}

class Served : public testing::Test {
 protected:
  Served() {
    if (!PageServer::is_available()) return;
    server = std::make_unique<PageServer>(
        ServedContent{[](std::string_view nonce) { return "page " + std::string(nonce); },
                      [this] { return "{\"n\":" + std::to_string(number.load()) + "}"; }},
        "127.0.0.1", 0);
    answers = std::thread([this] { server->run([this] { return ended.load(); }); });
  }
  ~Served() override {
    ended = true;
    if (answers.joinable()) answers.join();
  }
  void SetUp() override {
    if (server == nullptr) GTEST_SKIP() << "this build has no HTTP server";
  }
  [[nodiscard]] std::string get(const std::string& path, const std::string& more = "") const {
    return ask(server->port(),
               "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server->port()) +
                   "\r\nConnection: close\r\n" + more + "\r\n");
  }

  std::atomic<int> number = 1;
  std::atomic<bool> ended = false;
  std::unique_ptr<PageServer> server;
  std::thread answers;
};

TEST_F(Served, ThePageMayRunNoScriptButItsOwn) {
  const std::string answer = get("/");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("default-src 'none'"),
                            HasSubstr("X-Content-Type-Options: nosniff"),
                            HasSubstr("Cache-Control: no-store"), HasSubstr("text/html"),
                            Not(HasSubstr("Access-Control"))));
  const std::size_t at = answer.find("'nonce-");
  ASSERT_NE(at, std::string::npos);
  const std::string nonce = answer.substr(at + 7, 32);
  EXPECT_THAT(answer, HasSubstr("\r\n\r\npage " + nonce));
  EXPECT_THAT(get("/"), Not(HasSubstr(nonce)));
}

TEST_F(Served, DataComeOnceUntilTheyChange) {
  const std::string first = get("/data.json");
  EXPECT_THAT(first, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("application/json"),
                           HasSubstr("\r\n\r\n{\"n\":1}")));
  const std::size_t at = first.find("ETag: ") + 6;
  const std::string known = "If-None-Match: " + first.substr(at, 34) + "\r\n";
  EXPECT_THAT(get("/data.json", known), AllOf(StartsWith("HTTP/1.1 304"), Not(HasSubstr("{"))));
  number = 2;
  EXPECT_THAT(get("/data.json", known), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("{\"n\":2}")));
}

TEST_F(Served, ThereIsNothingElse) {
  for (const auto* path : {"/index.html", "/data.json/", "/..%2f..%2fetc/passwd", "/dataXjson"})
    EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404")) << path;
}

TEST_F(Served, OneCanOnlyLook) {
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_THAT(ask(server->port(), method + " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0"
                                             "\r\nConnection: close\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
  }
  EXPECT_THAT(
      ask(server->port(), "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200"), Not(HasSubstr("page "))));
}

TEST_F(Served, ANameOfElsewhereIsRefused) {
  for (const std::string host : {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "",
                                 "192.168.1.7", "localhost.evil.example"}) {
    EXPECT_THAT(ask(server->port(),
                    "GET /data.json HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 403"))
        << host;
  }
}

TEST_F(Served, APortIsTakenOnce) {
  EXPECT_THAT(test::thrown_by([&] { PageServer({}, "127.0.0.1", server->port()); }).hint(),
              HasSubstr("--port 0"));
  EXPECT_EQ(server->address(), "http://127.0.0.1:" + std::to_string(server->port()) + "/");
}

TEST(Hosts, OnlyThisMachineIsLoopback) {
  for (const auto* host : {"127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "127.evil.example", "example.org", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Hosts, AServerForOthersAnswersToAddressesAndItsName) {
  EXPECT_TRUE(is_host_allowed("10.0.0.1:8377", "0.0.0.0"));
  EXPECT_TRUE(is_host_allowed("[fe80::1]:8377", "::"));
  EXPECT_TRUE(is_host_allowed("Node7:8377", "node7"));
  EXPECT_FALSE(is_host_allowed("evil.example:8377", "0.0.0.0"));
  EXPECT_FALSE(is_host_allowed("10.0.0.1:8377", "127.0.0.1"));
}

}  // namespace
}  // namespace pollard
