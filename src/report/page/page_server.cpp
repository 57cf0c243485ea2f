#include "report/page/page_server.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "core/hash.h"
#include "pollard/error.h"
#ifdef POLLARD_HTTP
#include <httplib.h>

#include <random>
#endif

namespace pollard {

std::string PageServer::address() const {
  const bool brackets = host_.find(':') != std::string::npos && !host_.starts_with('[');
  return fmt::format("http://{}{}{}:{}/", brackets ? "[" : "", host_, brackets ? "]" : "", port_);
}

#ifndef POLLARD_HTTP

struct PageServer::Http {};

bool PageServer::is_available() { return false; }

PageServer::PageServer(ServedContent, const std::string&, int) {
  throw Error(ErrorCode::Usage, "this pollard was built without an HTTP server",
              "install libcpp-httplib-dev (Debian) and build it again; `pollard report` writes the "
              "same page as a file");
}
void PageServer::run(const std::function<bool()>&) {}

#else

namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* kJson = "application/json";

std::string fresh_nonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

void refuse(Response& response, int status, const std::string& why) {
  response.status = status;
  response.set_content(why + "\n", "text/plain; charset=utf-8");
}

void send_page(const ServedContent& content, Response& response) {
  const std::string nonce = fresh_nonce();
  response.set_header(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; script-src 'nonce-{}'; style-src 'unsafe-inline'; img-src "
                  "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'",
                  nonce));
  response.set_header("Cache-Control", "no-store");
  response.set_content(content.page(nonce), "text/html; charset=utf-8");
}

void send_data(const ServedContent& content, const Request& request, Response& response) {
  const std::string data = content.data(), tag = fmt::format("\"{}\"", content_hash(data));
  response.set_header("ETag", tag);
  response.set_header("Cache-Control", "no-cache");
  if (request.get_header_value("If-None-Match").find(tag) != std::string::npos) {
    response.status = 304;
    return;
  }
  response.set_content(data, kJson);
}

}  // namespace

bool PageServer::is_available() { return true; }

struct PageServer::Http {
  httplib::Server server;
};

PageServer::PageServer(ServedContent content, const std::string& host, int port)
    : http_(std::make_unique<Http>()), host_(host) {
  httplib::Server& server = http_->server;
  server.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                              {"X-Frame-Options", "DENY"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cross-Origin-Resource-Policy", "same-origin"}});
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  server.set_keep_alive_timeout(2);
  server.set_payload_max_length(1024);
  // The server owns what it is given.
  server.new_task_queue = [] { return std::make_unique<httplib::ThreadPool>(4).release(); };
  server.set_socket_options([](socket_t socket) {  // not SO_REUSEPORT, which lets others listen too
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_pre_routing_handler([host](const Request& request, Response& response) {
    using Answer = httplib::Server::HandlerResponse;
    if (!is_host_allowed(request.get_header_value("Host"), host)) {
      refuse(response, 403, "this server has no such name");
    } else if (request.method != "GET" && request.method != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      refuse(response, 405, "only to look at");
    } else {
      return Answer::Unhandled;
    }
    return Answer::Handled;
  });
  server.set_exception_handler([](const Request&, Response& response, std::exception_ptr) {
    refuse(response, 500, "the results could not be read; pollard serve says why");
  });
  server.Get("/", [content](const Request&, Response& response) { send_page(content, response); });
  server.Get("/data\\.json", [content](const Request& request, Response& response) {
    send_data(content, request, response);
  });
  const bool any = port == 0;
  port_ = any ? server.bind_to_any_port(host) : server.bind_to_port(host, port) ? port : -1;
  if (port_ < 0) {
    throw Error(ErrorCode::Usage, fmt::format("cannot listen on {} port {}", host, port),
                "is another program there? --port 0 takes one that is free");
  }
}

void PageServer::run(const std::function<bool()>& ended) {
  std::atomic<bool> over = false;
  std::thread answers([&] {
    http_->server.listen_after_bind();
    over = true;
  });
  // Before it has begun, nothing stops it.
  while (!over && (!ended() || !http_->server.is_running()))
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  http_->server.stop();
  answers.join();
}

#endif

PageServer::~PageServer() = default;

}  // namespace pollard
