// Which names a server answers to.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "report/page/page_server.h"

namespace pollard {
namespace {

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return result;
}

/// "[::1]:80", "::1" and "localhost:80" without port and brackets.
std::string name_in(std::string_view header) {
  if (header.starts_with('[')) return lower(header.substr(1, header.find(']') - 1));
  if (std::ranges::count(header, ':') > 1) return lower(header);
  return lower(header.substr(0, header.find(':')));
}

}  // namespace

bool is_loopback(std::string_view host) {
  const std::string name = name_in(host);
  return name == "localhost" || name == "::1" || (name.starts_with("127.") && is_address(name));
}

bool is_host_allowed(std::string_view header, std::string_view host) {
  const std::string name = name_in(header);
  if (name.empty()) return false;
  if (name == "localhost" || name == name_in(host)) return true;
  // An attacker's page has a name: an address is what somebody typed.
  return is_address(name) && (is_loopback(name) || !is_loopback(host));
}

}  // namespace pollard
