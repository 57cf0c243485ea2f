// Runs an ONNX file in ONNX Runtime: the referee of what Pollard writes.
//
//   node run_model.js FOLDER MODEL IMAGES OUTPUTS C,H,W [BATCH]
//
// FOLDER is what scripts/fetch-onnxruntime.sh prints. IMAGES holds float32, N x C x H x W, in order; OUTPUTS
// becomes what the model's only output is for them, in batches of BATCH (default: all at once).
const fs = require('fs');
const path = require('path');

const [folder, model, images, outputs, shape, batch] = process.argv.slice(2);
const ort = require(path.join(folder, 'node_modules', 'onnxruntime-node'));

function floats(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function main() {
  const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, interOpNumThreads: 1});
  const all = floats(images);
  const image = shape.split(',').map(Number);
  const size = image.reduce((a, b) => a * b, 1);
  const count = all.length / size;
  const step = batch ? Number(batch) : count;
  const out = fs.openSync(outputs, 'w');
  for (let first = 0; first < count; first += step) {
    const n = Math.min(step, count - first);
    const input = new ort.Tensor('float32', all.subarray(first * size, (first + n) * size), [n, ...image]);
    const results = await session.run({[session.inputNames[0]]: input});
    const values = results[session.outputNames[0]].data;
    fs.writeSync(out, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  fs.closeSync(out);
}

main().catch(error => {
  console.error(String(error));
  process.exit(1);
});
