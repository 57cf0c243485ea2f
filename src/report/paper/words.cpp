#include "report/paper/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "report/values.h"

namespace pollard {
namespace {

struct Words {
  std::string_view value, words;
};

constexpr Words kAllocations[] = {{"global", "Global"},     {"uniform", "Uniform"},
                                  {"uniform+", "Uniform+"}, {"erk", "ERK"},
                                  {"lamp", "LAMP"},         {"random", "Random"}};
constexpr Words kNetworks[] = {{"vgg16-bn", "VGG-16"},
                               {"wrn-28-10", "WRN-28-10"},
                               {"wrn-28-10-standard", "WRN-28-10 (standard)"},
                               {"wrn-10-1", "WRN-10-1"},
                               {"wrn-16-4", "WRN-16-4"},
                               {"wrn-16-4-standard", "WRN-16-4 (standard)"},
                               {"mobilenet-v2", "MobileNetV2"},
                               {"lenet5", "LeNet-5"},
                               {"lenet-300-100", "LeNet-300-100"}};
constexpr Words kData[] = {{"cifar10", "CIFAR-10"},  {"cifar100", "CIFAR-100"},
                           {"imagenet", "ImageNet"}, {"fashion-mnist", "Fashion-MNIST"},
                           {"mnist", "MNIST"},       {"imagefolder", "image folder"}};

std::optional<std::string> found(std::span<const Words> list, std::string_view value) {
  const auto* const at = std::find_if(list.data(), list.data() + list.size(),
                                      [&](const Words& words) { return words.value == value; });
  if (at == list.data() + list.size()) return {};
  return std::string(at->words);
}

// Names that are short for something: "slr", "gmp".
std::string upper(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return capitals;
}

std::string schedule_words(std::string_view value) {
  const bool whole_word =
      value == "constant" || value == "step" || value == "cosine" || value == "linear";
  return whole_word ? std::string(value) : upper(value);
}

std::string network_words(std::string_view value) {
  constexpr std::string_view kResNet = "resnet";
  if (const auto words = found(kNetworks, value)) return *words;
  if (!value.starts_with(kResNet)) return std::string(value);
  return "ResNet-" + std::string(value.substr(kResNet.size()));
}

// None where a key's values have no words of their own.
std::optional<std::string> words_of(std::string_view key, std::string_view value) {
  const std::optional<double> number = setting_number(value);
  if (key == "prune.sparsity" && number) return fmt::format("{:g} %", 100 * *number);
  if (key == "prune.cycles" && number)
    return value == "1" ? "1 cycle" : fmt::format("{} cycles", value);
  if (key == "retrain.epochs" && number)
    return value == "1" ? "1 epoch" : fmt::format("{} epochs", value);
  if (key == "retrain.schedule") return schedule_words(value);
  if (key == "prune.allocation") return found(kAllocations, value);
  if (key == "model") return network_words(value);
  if (key == "data") return found(kData, value);
  if (key == "train.method") return value == "dense" ? std::string(value) : upper(value);
  if (key == "sweep.variant") return std::string(value);
  return {};
}

}  // namespace

std::string value_words(std::string_view key, std::string_view value) {
  return words_of(key, value).value_or(std::string(value));
}

std::string named_value(std::string_view key, std::string_view value) {
  return words_of(key, value).value_or(fmt::format("{} {}", key, value.empty() ? kDash : value));
}

std::string all_words(std::span<const ResultRow> rows, const std::string& key) {
  std::vector<std::string> words;
  for (const std::string& value : setting_values(rows, key))
    words.push_back(value_words(key, value));
  return words.empty() ? std::string(kDash) : fmt::format("{}", fmt::join(words, " / "));
}

std::string filled_title(std::string_view title, std::span<const ResultRow> rows,
                         const std::string& grid) {
  std::string text;
  while (!title.empty()) {
    const std::size_t open = title.find('{');
    const std::size_t close = open == title.npos ? title.npos : title.find('}', open);
    text += title.substr(0, close == title.npos ? title.npos : open);
    if (close == title.npos) break;
    const std::string key(title.substr(open + 1, close - open - 1));
    if (key == "network") {
      text += rows.empty() ? grid : all_words(rows, "model") + ", " + all_words(rows, "data");
    } else {
      text += all_words(rows, key);
    }
    title.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace pollard
