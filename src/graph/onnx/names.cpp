#include "graph/onnx/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pollard {
namespace {

constexpr std::size_t kLongest = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain(char c) {
  constexpr std::string_view others = "_-./:+@";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         others.find(c) != std::string_view::npos;
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t length = std::min(path.find('/'), path.size());
    if (length > 0) parts.push_back(path.substr(0, length));
    path.remove_prefix(std::min(length + 1, path.size()));
  }
  return parts;
}

/// "Conv" or "Conv_3" as the last part of a path.
bool is_operator_name(std::string_view part, std::string_view op_type) {
  if (!part.starts_with(op_type)) return false;
  part.remove_prefix(op_type.size());
  return part.empty() ||
         (part.size() > 1 && part[0] == '_' && std::ranges::all_of(part.substr(1), is_digit));
}

}  // namespace

bool is_made_up(std::string_view name) {
  return std::ranges::all_of(name, is_digit) || name.starts_with("onnx::") || name.starts_with("/");
}

std::string module_name(const onnx::NodeProto& node) {
  const std::string& name = node.name();
  std::vector<std::string_view> parts = parts_of(name);
  if (parts.size() > 1 && is_operator_name(parts.back(), node.op_type())) parts.pop_back();
  std::string path;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // A module in a sequence names the sequence again: "/layer1/layer1.0".
    const bool repeated = i + 1 < parts.size() && parts[i + 1].starts_with(parts[i]) &&
                          parts[i + 1].substr(parts[i].size()).starts_with('.');
    if (repeated) continue;
    if (!path.empty()) path += '.';
    path += parts[i];
  }
  if (!path.empty()) return path;
  return node.output_size() > 0 ? node.output(0) : node.op_type();
}

std::string plain_name(std::string_view name) {
  if (name.empty()) return "value";
  std::string plain(name.substr(0, kLongest));
  const auto is_other = [](char c) { return !is_plain(c); };
  std::ranges::replace_if(plain, is_other, '_');
  return plain;
}

std::string Names::claim(std::string_view wanted) {
  const std::string base = plain_name(wanted);
  std::string name = base;
  int& number = numbers_.try_emplace(base, 1).first->second;
  while (!taken_.insert(name).second) name = fmt::format("{}.{}", base, ++number);
  return name;
}

}  // namespace pollard
