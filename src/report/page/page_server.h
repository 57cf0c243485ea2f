// `pollard serve`: a page and its data over HTTP, for the browsers of this machine.
//
//   GET /            the page                         text/html
//   GET /data.json   what has changed since           application/json, with an ETag
//
// Everything else is 404, other methods than GET and HEAD are 405. A page of elsewhere can have a
// name of its own lead to this server (DNS rebinding): requests whose Host is no address, nor a
// name that we were given, are refused. Nothing allows other origins to read answers, and the page
// may run no script but its own.
//
// HTTP itself is cpp-httplib's. Where the build had none, is_available() is false.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pollard {

struct ServedContent {
  std::function<std::string(std::string_view nonce)> page;  // its scripts bear the nonce
  std::function<std::string()> data;                        // JSON
};

class PageServer {
 public:
  /// Throws Error{Usage} where the address cannot be had. Port 0: any that is free. Calls of
  /// `content` come from several threads.
  PageServer(ServedContent content, const std::string& host, int port);
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// "http://127.0.0.1:8377/"
  [[nodiscard]] std::string address() const;
  /// Answers until `ended` is true, which it looks at several times a second.
  void run(const std::function<bool()>& ended);

  [[nodiscard]] static bool is_available();

 private:
  struct Http;
  std::unique_ptr<Http> http_;
  std::string host_;
  int port_ = 0;
};

/// Whether only this machine can reach it: 127.x.x.x, ::1, localhost.
[[nodiscard]] bool is_loopback(std::string_view host);
/// Whether a request with this Host header is meant for a server that was told to be `host`.
[[nodiscard]] bool is_host_allowed(std::string_view header, std::string_view host);

}  // namespace pollard
