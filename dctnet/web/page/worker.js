// Runs a translator in ONNX on pixels, apart from the page, so that the page stays alive and can end it.
importScripts('ort.js');
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
ort.env.wasm.wasmPaths = {mjs: new URL('ort-wasm.js', location.href).href, wasm: new URL('ort.wasm', location.href).href};
const MULTIPLE = 16; // to which sides are padded, as infer.py does

/** RGBA, 0 to 255 -> float32 BGR of the padded size; the last row and column are repeated. */
function toInput(pixels, width, height, paddedWidth, paddedHeight) {
  const input = new Float32Array(paddedWidth * paddedHeight * 3);
  for (let y = 0, to = 0; y < paddedHeight; y++) {
    for (let x = 0; x < paddedWidth; x++, to += 3) {
      const from = (Math.min(y, height - 1) * width + Math.min(x, width - 1)) * 4;
      for (let channel = 0; channel < 3; channel++) input[to + channel] = pixels[from + 2 - channel];
    }
  }
  return input;
}

function toPixels(output, width, height, paddedWidth) {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const from = (y * paddedWidth + x) * 3;
      for (let channel = 0; channel < 3; channel++) pixels[to + channel] = output[from + 2 - channel];
      pixels[to + 3] = 255;
    }
  }
  return pixels;
}

onmessage = async ({data: {model, pixels, width, height}}) => {
  try {
    postMessage({state: 'loading'});
    const answer = await fetch(model);
    if (!answer.ok) throw new Error(`${model}: ${answer.status}`);
    const session = await ort.InferenceSession.create(new Uint8Array(await answer.arrayBuffer()));
    postMessage({state: 'working'});
    const start = performance.now(), pad = (side) => Math.ceil(side / MULTIPLE) * MULTIPLE;
    const input = toInput(pixels, width, height, pad(width), pad(height));
    const feed = {input_images: new ort.Tensor('float32', input, [1, pad(height), pad(width), 3])};
    const output = (await session.run(feed)).output_images.data;
    postMessage({state: 'done', pixels: toPixels(output, width, height, pad(width)), seconds: (performance.now() - start) / 1000});
  } catch (error) {
    postMessage({state: 'failed', error: `${error.message || error}`});
  }
};
