#include "data/cifar_pickle.h"

#include <fmt/format.h>

#include <optional>

#include "pollard/error.h"

namespace pollard {
namespace {

using pickle::Heap;
using pickle::Ref;
constexpr std::string_view kHint =
    "the file is damaged or another format; get a fresh copy of the Python version";
constexpr std::int64_t kPixels = 3 * 32 * 32;

[[noreturn]] void fail(std::string_view origin, const std::string& problem) {
  refuse(origin, problem, kHint);
}

// Python 2 pickled texts and bytes alike; read with encoding="bytes" and pickled again they differ.
std::optional<std::string_view> characters(const Heap& heap, Ref ref) {
  if (const auto* text = heap.get<pickle::Text>(ref)) return text->text;
  if (const auto* bytes = heap.get<pickle::Bytes>(ref)) return bytes->bytes;
  return {};
}

std::optional<Ref> entry(const Heap& heap, const pickle::Dict& dict, std::string_view key) {
  std::optional<Ref> found;
  for (const auto& [name, value] : dict.items) {
    if (characters(heap, name) == key) found = value;
  }
  return found;
}

std::string_view planes(const Heap& heap, Ref array, std::string_view origin) {
  const auto* object = heap.get<pickle::Object>(array);
  const auto* state =
      object != nullptr && object->state ? heap.get<pickle::Sequence>(*object->state) : nullptr;
  if (state == nullptr || state->items.size() != 5 ||
      !heap.type_name(array).starts_with("numpy.")) {
    fail(origin, "its 'data' is no array of numpy");
  }
  const auto* shape = heap.get<pickle::Sequence>(state->items[1]);
  const auto* fortran = heap.get<bool>(state->items[3]);
  const auto bytes = characters(heap, state->items[4]);
  if (shape == nullptr || shape->items.size() != 2 || fortran == nullptr || *fortran || !bytes)
    fail(origin, "its 'data' is no array of rows");
  const auto* rows = heap.get<std::int64_t>(shape->items[0]);
  const auto* columns = heap.get<std::int64_t>(shape->items[1]);
  if (rows == nullptr || columns == nullptr || *columns != kPixels || *rows < 1)
    fail(origin, fmt::format("its 'data' has not {} bytes an image", kPixels));
  const auto expected = static_cast<std::uint64_t>(*rows);
  if (bytes->size() % kPixels != 0 || bytes->size() / kPixels != expected) {
    fail(origin, fmt::format("its 'data' has {} bytes, expected those of {} images of {}",
                             bytes->size(), expected, kPixels));
  }
  return *bytes;
}

std::vector<std::int64_t> labels(const Heap& heap, Ref list, std::string_view origin,
                                 std::int64_t classes) {
  const auto* items = heap.get<pickle::Sequence>(list);
  if (items == nullptr) fail(origin, "its labels are no list");
  std::vector<std::int64_t> out;
  for (const Ref item : items->items) {
    const auto* label = heap.get<std::int64_t>(item);
    if (label == nullptr) fail(origin, fmt::format("label {} is no whole number", out.size()));
    if (*label < 0 || *label >= classes) {
      fail(origin,
           fmt::format("label {} of image {}, expected 0 to {}", *label, out.size(), classes - 1));
    }
    out.push_back(*label);
  }
  return out;
}

}  // namespace

CifarBatch read_cifar_pickle(std::span<const std::byte> file, std::string_view origin,
                             std::int64_t classes) {
  ByteCursor in(file, origin, kHint);
  CifarBatch batch{pickle::unpickle(in), {}, {}};
  if (in.left() > 0) fail(origin, fmt::format("{} bytes behind the pickle", in.left()));
  const Heap& heap = batch.pickled.heap;
  const auto* dict = heap.get<pickle::Dict>(batch.pickled.root);
  if (dict == nullptr) fail(origin, "it is no pickled dictionary");
  const std::string_view key = classes == 100 ? "fine_labels" : "labels";
  const auto data = entry(heap, *dict, "data"), list = entry(heap, *dict, key);
  if (!data || !list) fail(origin, fmt::format("its dictionary has no '{}'", data ? key : "data"));
  batch.planes = planes(heap, *data, origin);
  batch.labels = labels(heap, *list, origin, classes);
  if (batch.labels.size() != batch.planes.size() / kPixels) {
    fail(origin, fmt::format("{} labels for {} images", batch.labels.size(),
                             batch.planes.size() / kPixels));
  }
  return batch;
}

}  // namespace pollard
