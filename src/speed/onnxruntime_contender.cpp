// ONNX Runtime through npm's onnxruntime-node, in a process of its own. It takes its turns all the
// same: a line on its standard input asks for one call, a line on its standard output answers with
// the seconds that the call took there.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "core/files.h"
#include "pollard/error.h"
#include "pollard/onnx_file.h"
#include "speed/peers.h"
#include "speed/worker.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

// Reads and writes synchronously: between two calls nothing else runs in it.
constexpr const char* kScript = R"(
const fs = require('fs'), path = require('path');
const [folder, model, images, threads, ...shape] = process.argv.slice(1);
let rest = '';
function line() {
  const piece = Buffer.alloc(4096);
  while (!rest.includes('\n')) {
    const got = fs.readSync(0, piece);
    if (got === 0) process.exit(0);
    rest += piece.toString('utf8', 0, got);
  }
  const end = rest.indexOf('\n'), first = rest.slice(0, end);
  rest = rest.slice(end + 1);
  return first;
}
(async () => {
  const ort = require(path.join(folder, 'node_modules', 'onnxruntime-node'));
  const session = await ort.InferenceSession.create(
      model, {intraOpNumThreads: Number(threads), interOpNumThreads: 1});
  const bytes = fs.readFileSync(images);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', values, shape.map(Number))};
  let results = await session.run(feeds);
  fs.writeSync(1, 'ready\n');
  for (;;) {
    const word = line();
    if (word === 'call') {
      const start = process.hrtime.bigint();
      results = await session.run(feeds);
      fs.writeSync(1, Number(process.hrtime.bigint() - start) + '\n');
    } else {
      const out = results[session.outputNames[0]].data;
      fs.writeFileSync(word, new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
      fs.writeSync(1, 'written\n');
    }
  }
})().catch(error => { console.error(String(error).split('\n')[0]); process.exit(1); });
)";

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "pollard-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw Error(ErrorCode::Io, "cannot make a temporary folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::vector<std::string> command(const Graph& graph, const Images& images, int threads,
                                 const fs::path& onnxruntime, const ScratchFolder& folder) {
  const auto [channels, height, width] = graph.input_shape();
  std::vector<std::string> words{"node",
                                 "-e",
                                 kScript,
                                 "--",
                                 fs::absolute(onnxruntime).string(),
                                 folder.file("model.onnx"),
                                 folder.file("images"),
                                 std::to_string(threads)};
  for (const std::int64_t size : {images.count, channels, height, width})
    words.push_back(std::to_string(size));
  return words;
}

// What the worker is told to load must be there before it starts.
std::vector<std::string> prepare(const Graph& graph, const TensorMap& state, const Images& images,
                                 int threads, const fs::path& onnxruntime,
                                 const ScratchFolder& folder) {
  if (onnxruntime.empty()) {
    throw Error(ErrorCode::Config, "no folder of it is named",
                "set bench.onnxruntime to what scripts/fetch-onnxruntime.sh prints");
  }
  write_onnx(folder.file("model.onnx"), graph, state, {.fold_batch_norm = true});
  write_file(folder.file("images"), std::as_bytes(images.values));
  return command(graph, images, threads, onnxruntime, folder);
}

class OnnxruntimeContender final : public Contender {
 public:
  OnnxruntimeContender(const Graph& graph, const TensorMap& state, const Images& images,
                       int threads, const fs::path& onnxruntime)
      : Contender("ONNX Runtime"),
        worker_(prepare(graph, state, images, threads, onnxruntime, folder_)) {
    (void)worker_.answer();
  }

  double time_call() override {
    worker_.tell("call");
    return 1e-9 * std::stod(worker_.answer());
  }

  [[nodiscard]] std::vector<float> outputs() override {
    worker_.tell(folder_.file("outputs"));
    (void)worker_.answer();
    const std::vector<std::byte> bytes = read_bytes(folder_.file("outputs"));
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  }

 private:
  void call() override { (void)time_call(); }

  ScratchFolder folder_;
  Worker worker_;
};

}  // namespace

std::unique_ptr<Contender> make_onnxruntime_contender(const Graph& graph, const TensorMap& state,
                                                      const Images& images, int threads,
                                                      const fs::path& folder) {
  return std::make_unique<OnnxruntimeContender>(graph, state, images, threads, folder);
}

}  // namespace pollard
