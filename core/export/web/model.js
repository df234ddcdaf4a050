// The model, run by LiteRT in WebAssembly. What it takes lies in this file, packed and as text.

import { toInput } from "./recipes.js";

/** The bytes of an element that holds them packed with gzip, as base64. */
async function unpacked(id) {
  const text = atob(document.getElementById(id).textContent);
  const packed = new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A function from the planes that the model sees to probabilities, a Float32Array. */
export async function openModel([height, width, channels]) {
  const litert = await import("@litertjs/core");
  self.Module = { wasmBinary: await unpacked("runtime-wasm") };
  const glue = new Blob([await unpacked("runtime-glue")], { type: "text/javascript" });
  // LiteRT takes a URL for the folder of its files unless it ends like the name of a script.
  await litert.loadLiteRt(`${URL.createObjectURL(glue)}#.js`);
  const model = await litert.loadAndCompile(await unpacked("model"), { accelerator: "wasm" });
  return async (planes) => {
    const input = new litert.Tensor(toInput(planes), [1, height, width, channels]);
    const [output] = await model.run(input);
    const probabilities = Float32Array.from(await output.data());
    input.delete();
    output.delete();
    return probabilities;
  };
}
