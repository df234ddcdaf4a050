// The page: images come in, predictions come out. Everything happens in this browser.

import { openSheet } from "./canvas.js";
import { openModel } from "./model.js";
import { fromRgba, toGrey } from "./planes.js";
import { openCamera, readFile, readSource } from "./reading.js";
import { RECIPES } from "./recipes.js";
import { showMessage, showResult } from "./result.js";

const about = JSON.parse(document.getElementById("about").textContent);
const find = (id) => document.getElementById(id);
const result = find("result");
const hint = about.draws ? "Draw, or choose an image." : "Choose an image.";

let predict = null;
let last = Promise.resolve(null); // what was predicted last: {found, rows} or {error}
let turn = 0; // an older prediction must not replace a newer one

/** Predict what pixels show, once the pixels are there. */
function show(pixels) {
  turn += 1;
  const mine = turn;
  last = opened.then(async () => {
    let shown;
    try {
      const channels = fromRgba(await pixels);
      const { items, rows } = RECIPES[about.recipe](channels, about.shape);
      const found = [];
      for (const planes of items) found.push({ planes, probabilities: await predict(planes) });
      shown = { found, rows };
    } catch (error) {
      shown = { error: error.message };
    }
    if (mine === turn && shown.error) showMessage(result, shown.error, "refused");
    else if (mine === turn) showResult(result, shown.found, shown.rows, about.labels);
    return shown;
  });
  return last;
}

function chosen(files) {
  if (files.length === 0) return;
  const read = readFile(files[0]);
  read.then(preview, () => find("preview").replaceChildren());
  show(read);
}

function preview(pixels) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: pixels.width, height: pixels.height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Your image");
  find("preview").replaceChildren(canvas);
}

function openDrawing() {
  if (!about.draws) {
    find("draw").remove();
    return;
  }
  const sheet = openSheet(find("sheet"), (isDrawn) => {
    find("preview").replaceChildren();
    if (isDrawn) show(sheet.pixels());
    else forget();
  });
  find("undo").addEventListener("click", sheet.undo);
  find("clear").addEventListener("click", sheet.clear);
}

function forget() {
  turn += 1;
  showMessage(result, hint);
}

function openUpload() {
  const input = find("file");
  input.addEventListener("change", () => {
    chosen(input.files);
    setTimeout(() => (input.value = "")); // so that the same file can be chosen again
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    chosen(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => chosen(event.clipboardData.files));
}

function openCameraButtons() {
  const [button, taking, video] = [find("camera"), find("take"), find("video")];
  const refuse = () => {
    button.hidden = true;
    find("camera-note").hidden = false;
  };
  if (!navigator.mediaDevices?.getUserMedia) {
    refuse();
    return;
  }
  let end = null;
  const stop = () => {
    end?.();
    end = null;
    find("live").hidden = true;
    button.hidden = false;
  };
  button.addEventListener("click", async () => {
    try {
      end = await openCamera(video);
      find("live").hidden = false;
      button.hidden = true;
      taking.focus();
    } catch {
      refuse();
    }
  });
  taking.addEventListener("click", () => {
    const pixels = readSource(video, video.videoWidth, video.videoHeight);
    stop();
    preview(pixels);
    show(pixels);
  });
  find("stop").addEventListener("click", stop);
}

/** What a program asks that compares this page with the studio. */
self.classifier = {
  ready: () => opened.then(() => true),
  settled: async () => {
    const { found, error } = (await last) ?? {};
    return error ? { error } : { rows: found.map((one) => Array.from(one.probabilities)) };
  },
  asItIs: async (file) => {
    const channels = fromRgba(await readFile(file));
    const planes = about.shape[2] === 3 ? channels : [toGrey(channels)];
    const begun = performance.now();
    const row = Array.from(await predict(planes));
    return { row, milliseconds: performance.now() - begun };
  },
};

showMessage(result, "Opening the model …");
const opened = openModel(about.shape).then((found) => {
  predict = found;
  if (turn === 0) showMessage(result, hint);
});
opened.catch((error) => {
  const sentence =
    "The model could not be opened. A current browser is needed (Chrome, Edge or Firefox 114, " +
    `Safari 16.4, or newer): ${error.message}`;
  showMessage(result, sentence, "refused");
});
openDrawing();
openUpload();
openCameraButtons();
