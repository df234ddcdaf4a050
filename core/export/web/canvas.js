// A sheet to draw on, by mouse, finger, pen or arrow keys; always black on white.

const PEN = 20; // pixels of a sheet of 320
const STEP = 8; // pixels that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Make a canvas a sheet; `changed` is called after each stroke. */
export function openSheet(canvas, changed) {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const strokes = [];
  let current = null; // the stroke that is being drawn
  let place = [canvas.width / 2, canvas.height / 4]; // of the pen moved by keys

  function draw() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    pen.strokeStyle = "#000";
    for (const points of strokes) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.stroke();
    }
  }

  function edit(change) {
    change();
    current = null;
    draw();
    changed(strokes.length > 0);
  }
  const undo = () => edit(() => strokes.pop());
  const clear = () => edit(() => strokes.splice(0));

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    current = [at(event)];
    strokes.push(current);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current) return;
    const between = event.getCoalescedEvents?.() ?? [];
    current.push(...(between.length ? between : [event]).map(at));
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => current && edit(() => {}));
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo();
    else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key in ARROWS) {
      const before = place;
      place = place.map((value, axis) => value + STEP * ARROWS[event.key][axis]);
      if (event.shiftKey && !current) strokes.push((current = [before]));
      if (event.shiftKey) current.push(place);
      draw();
    } else return;
    event.preventDefault();
  });
  canvas.addEventListener("keyup", (event) => {
    if (event.key === "Shift" && current) edit(() => {});
  });
  draw();
  return { undo, clear, pixels: () => pen.getImageData(0, 0, canvas.width, canvas.height) };
}
