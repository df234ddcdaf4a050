// What the model predicts, as elements of the page.

const MOST_BARS = 10;
const SHOWN = 112; // pixels: side of what the model saw

const percent = (fraction) => `${(100 * fraction).toFixed(1)} %`;

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function largest(probabilities) {
  return probabilities.indexOf(Math.max(...probabilities));
}

/** A sentence of its own in place of a prediction. */
export function showMessage(place, sentence, kind = "") {
  place.replaceChildren(element("p", sentence, { class: `message ${kind}` }));
}

/** The predictions for all things in an image: `found` has {planes, probabilities} for each. */
export function showResult(place, found, rows, labels) {
  const names = found.map(({ probabilities }) => labels[largest(probabilities)]);
  const parts = [];
  if (found.length > 1) {
    let next = 0;
    const lines = rows.map((count) => names.slice(next, (next += count)).join(" "));
    parts.push(element("p", lines.join("\n"), { class: "label" }));
    parts.push(element("p", `${found.length} digits, in reading order.`));
  }
  const single = found.length === 1;
  parts.push(...found.map((one, index) => card(one, labels, single ? 0 : index + 1)));
  place.replaceChildren(...parts);
}

function card({ planes, probabilities }, labels, number) {
  const best = largest(probabilities);
  const made = element("section", "", { class: "card" });
  made.append(element("p", labels[best], { class: number ? "label small" : "label" }));
  made.append(element("p", `Confidence ${percent(probabilities[best])}`, { class: "confidence" }));
  const order = [...labels.keys()];
  const isLong = labels.length > MOST_BARS;
  if (isLong) order.sort((a, b) => probabilities[b] - probabilities[a]).splice(MOST_BARS);
  const bars = element("dl", "", { class: "bars", "aria-label": "Probabilities of the classes" });
  for (const index of order) {
    bars.append(...bar(labels[index], probabilities[index], index === best));
  }
  const folded = element("details");
  folded.append(element("summary", number ? `Classes and image of digit ${number}` : "Classes"));
  folded.open = !number;
  folded.append(bars);
  const told = `The ${MOST_BARS} likeliest of ${labels.length} classes.`;
  if (isLong) folded.append(element("p", told));
  folded.append(seen(planes));
  made.append(folded);
  return made;
}

function bar(label, probability, isBest) {
  const value = element("dd", percent(probability), isBest ? { class: "best" } : {});
  value.style.setProperty("--share", probability);
  return [element("dt", label), value];
}

/** What the model saw, enlarged without smoothing. */
function seen(planes) {
  const { width, height } = planes[0];
  const canvas = element("canvas", "", { role: "img", "aria-label": "What the model saw" });
  Object.assign(canvas, { width, height });
  canvas.style.width = `${Math.round((SHOWN * width) / Math.max(width, height))}px`;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let k = 0; k < 3; k += 1) pixels.data[4 * i + k] = planes[k % planes.length].data[i];
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  const figure = element("figure");
  figure.append(canvas, element("figcaption", `What the model saw: ${width}×${height} pixels.`));
  return figure;
}
