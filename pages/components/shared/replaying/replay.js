// Replays a training: a slider over its epochs, the first filters, the predictions for its images.
//
// While the training goes on, more epochs arrive. The elements stay; the slider stays where somebody
// has put it, or follows the last epoch if it stands there.

const PLAY_STEP = 500;  // milliseconds an epoch is shown

function buildReplay(root, replay) {
  root.replaceChildren();
  const bar = make('div', root, {classes: 'steps'});
  const play = make('button', bar, {classes: 'plain', text: 'Play'});
  const label = make('label', bar);
  const epoch = make('span', label);
  const slider = make('input', label, {type: 'range', min: 0, step: 1, 'aria-label': 'Epoch'});
  const score = make('p', root, {classes: 'score'});
  const filters = make('div', root, {classes: 'filters'});
  const images = make('div', root, {classes: 'seen'});
  const live = make('div', root, {classes: 'unseen', 'aria-live': 'polite'});
  const cards = replay.labels.map((_, place) => buildCard(images, replay, place));
  const parts = {play, slider, epoch, score, filters, cards, live, playing: 0};
  slider.oninput = () => { stopPlaying(parts); drawEpoch(root); tellEpoch(root); };
  play.onclick = () => togglePlaying(root);
  return parts;
}

function buildCard(parent, replay, place) {
  const card = make('div', parent, {classes: 'seen-image'});
  const [, height, width, depth] = replay.images.shape, size = height * width * depth;
  const canvas = make('canvas', card, {role: 'img',
    'aria-label': `Validation image ${place + 1}: ${replay.classes[replay.labels[place]]}`});
  paintImage(canvas, height, width, depth,
    index => replay.images.data[place * size + index]);
  const text = make('div', card);
  return {card, said: make('p', text), bar: make('span', make('div', text, {classes: 'track'})),
    rest: make('p', text, {classes: 'rest'})};
}

// An image of one or three channels of numbers from 0 to 255.
function paintImage(canvas, height, width, depth, numberOf) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d'), image = context.createImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * pixel + c] = numberOf(pixel * depth + (depth === 3 ? c : 0));
    }
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function drawEpoch(root) {
  const {replay, parts} = root, at = Number(parts.slider.value), count = replay.labels.length;
  const row = (table, place) => table.data[at * count + place];
  const last = replay.epochs[replay.epochs.length - 1];
  parts.epoch.textContent = `Epoch ${replay.epochs[at]} of ${last}`;
  let correct = 0;
  parts.cards.forEach((card, place) => {
    const predicted = row(replay.predicted, place), label = replay.labels[place];
    const hit = predicted === label, confidence = row(replay.confidence, place);
    correct += hit;
    card.card.classList.toggle('hit', hit);
    card.said.replaceChildren(hit ? '✓ ' : '✗ ');
    make('b', card.said, {text: replay.classes[predicted]});
    card.said.append(` ${percent(confidence)}`);
    card.said.title = hit ? 'correct' : 'incorrect';
    card.bar.style.width = `${100 * confidence}%`;
    card.rest.textContent = hit ? 'correct'
      : `is ${replay.classes[label]} (${percent(row(replay.truth, place))})`;
  });
  parts.score.textContent = `${correct} of ${count} validation images predicted correctly`;
  parts.score.dataset.correct = correct;
  drawFilters(root, at);
}

function tellEpoch(root) {
  const {parts} = root;
  parts.live.textContent = `${parts.epoch.textContent}: ${parts.score.textContent}.`;
}

// One canvas for each filter: signed colours of one channel, or red, green and blue.
function drawFilters(root, at) {
  const {replay, parts} = root;
  if (!replay.filters) {
    if (!parts.filters.firstChild) {
      make('p', parts.filters, {classes: 'rest', text: 'No filters were recorded: the first layer '
        + 'of this network is no convolution that learns.'});
    }
    return;
  }
  const [, height, width, depth, count] = replay.filters.shape;
  if (parts.filters.childElementCount !== count + 1) {
    parts.filters.replaceChildren();
    make('p', parts.filters, {classes: 'rest', text: depth === 1
      ? 'Filters of the first convolution. Blue: above 0. Orange: below 0.'
      : 'Filters of the first convolution, as colours.'});
    for (let place = 0; place < count; place++) {
      make('canvas', parts.filters, {role: 'img', 'aria-label': `Filter ${place + 1}`});
    }
  }
  const size = height * width * depth;
  for (let place = 0; place < count; place++) {
    const canvas = parts.filters.children[place + 1];
    const weight = index => replay.filters.data[(at * size + index) * count + place]
      * replay.scales.data[at * count + place] / 127;
    const most = largestOf(replay, place);
    if (depth === 3) {
      paintImage(canvas, height, width, depth, index => 127.5 * (1 + weight(index) / most));
      continue;
    }
    const middle = y => x => {
      let sum = 0;
      for (let c = 0; c < depth; c++) sum += weight((y * width + x) * depth + c);
      return sum / depth;
    };
    paint(canvas, height, width, (y, x) => middle(y)(x),
      {kind: 'diverging', low: -most, high: most});
  }
}

// The largest weight of a filter in all epochs, so that its colours mean the same in each.
function largestOf(replay, place) {
  const count = replay.filters.shape[4];
  let most = 0;
  for (let at = 0; at < replay.epochs.length; at++) {
    most = Math.max(most, replay.scales.data[at * count + place]);
  }
  return most || 1;
}

function stopPlaying(parts) {
  clearInterval(parts.playing);
  parts.playing = 0;
  parts.play.textContent = 'Play';
}

function togglePlaying(root) {
  const {parts} = root, {slider} = parts;
  if (parts.playing) { stopPlaying(parts); tellEpoch(root); return; }
  if (Number(slider.value) >= Number(slider.max)) slider.value = 0;
  parts.play.textContent = 'Pause';
  drawEpoch(root);
  parts.playing = setInterval(() => {
    if (!slider.isConnected || Number(slider.value) >= Number(slider.max)) {
      stopPlaying(parts);
      tellEpoch(root);
      return;
    }
    slider.value = Number(slider.value) + 1;
    drawEpoch(root);
  }, PLAY_STEP);
}

export default function (component) {
  const {data, parentElement} = component;
  const root = rootOf(parentElement, 'replay'), replay = unpacked(data);
  if (root.replay?.version === replay.version) return;
  const same = root.replay?.recording === replay.recording;
  if (!same && root.parts) stopPlaying(root.parts);
  const parts = same ? root.parts : buildReplay(root, replay), {slider} = parts;
  const following = !same || (Number(slider.value) >= Number(slider.max) && !parts.playing);
  const epoch = same ? root.replay.epochs[Number(slider.value)] : 0;
  Object.assign(root, {replay, parts});
  const last = replay.epochs.length - 1;
  slider.max = last;
  // Of a long training some epochs are left out later on: the nearest one is shown then.
  slider.value = following ? last : Math.max(0, replay.epochs.findLastIndex(one => one <= epoch));
  drawEpoch(root);
}
