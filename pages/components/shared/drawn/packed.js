// Reads what core/explain/packing.py has packed: a description, and arrays without a copy.

const ARRAYS = {'<f4': Float32Array, '|u1': Uint8Array, '|i1': Int8Array};

function unpacked(content) {
  const bytes = content instanceof ArrayBuffer ? new Uint8Array(content) : content;
  // A typed array must begin at a multiple of its size, which bytes of a message need not.
  const aligned = bytes.byteOffset % 8 ? bytes.slice() : bytes;
  const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.byteLength);
  const end = 4 + view.getUint32(0, true);
  const text = new TextDecoder().decode(aligned.subarray(4, end));
  return JSON.parse(text, (key, value) => {
    if (value === null || typeof value !== 'object' || !('at' in value && 'type' in value)) {
      return value;
    }
    const count = value.shape.reduce((product, side) => product * side, 1);
    const data = new ARRAYS[value.type](aligned.buffer, aligned.byteOffset + end + value.at, count);
    return {shape: value.shape, data};
  });
}
