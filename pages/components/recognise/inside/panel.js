// What opens below a row when a map is chosen: the map large, and the arithmetic of one pixel.

const LARGE = 288, STEP = 60;  // pixels; milliseconds between two pixels of the animation

function openPanel(net, index, channel, start, surroundings) {
  const row = net.rows[index], vector = isVector(row), [rows, columns] = gridOf(row);
  const first = start ?? firstPlace(row, channel);
  const panel = {
    index, all: false, detail: null, pinned: start !== null, playing: 0,
    y: first[0], x: first[1], channel: first[2],
  };
  const place = make('div', null, {classes: 'panel', role: 'region',
    'aria-label': `${row.title}: how its numbers are computed`});
  const left = make('div', place, {classes: 'large'});
  const canvas = make('canvas', left, {tabindex: '0', role: 'application'});
  const size = Math.max(2, Math.floor(LARGE / Math.max(rows, columns)));
  canvas.width = columns * size;
  canvas.height = rows * size;
  const keys = make('p', left, {classes: 'hint',
    text: 'Point or tap to choose a pixel, click to hold it. Keys: arrows move, Escape closes.'});
  keys.id = 'inside-keys';
  const tools = make('div', left, {classes: 'tools'});
  const play = make('button', tools, {classes: 'plain', text: playText(row)});
  const close = make('button', tools, {classes: 'plain', text: 'Close'});
  const right = make('div', place, {classes: 'sum'});
  const title = make('h5', right), body = make('div', right);
  const live = make('div', right, {classes: 'unseen', 'aria-live': 'polite'});

  const update = () => {
    const found = computed(net.rows, index, panel.y, panel.x, panel.channel);
    const served = numberAt(row, panel.y, panel.x, panel.channel);
    const name = placeName(net, row, panel);
    title.textContent = `${name}: ${served === undefined ? '…' : written(served)}`;
    const focused = body.getRootNode().activeElement?.dataset?.focus;
    body.replaceChildren();
    explainNumber(net, index, panel, found, served, body);
    if (focused) body.querySelector(`[data-focus="${focused}"]`)?.focus({preventScroll: true});
    drawLarge(net, panel, canvas, size);
    canvas.setAttribute('aria-label', `${vector ? row.title : mapName(row, panel.channel)}. ${name}`);
  };
  panel.choose = detail => { panel.detail = detail; update(); };
  panel.showAll = () => { panel.all = true; update(); };
  panel.update = update;
  panel.stop = () => { clearInterval(panel.playing); panel.playing = 0; };
  const moveTo = (y, x, aloud) => {
    const target = cellPlace(row, panel.channel, y, x);
    if (y < 0 || x < 0 || y >= rows || x >= columns || target[2] >= row.shape[2]) return;
    [panel.y, panel.x, panel.channel] = target;
    surroundings.moved(panel);
    update();
    if (aloud) live.textContent = `${title.textContent}. ${spoken(body)}`;
  };
  const cell = () => placeCell(row, [panel.y, panel.x, panel.channel]);
  follow(canvas, size, panel, moveTo);
  canvas.onkeydown = event => {
    const [y, x] = cell();
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
    if (event.key in step) {
      event.preventDefault();
      panel.stop();
      panel.pinned = true;
      moveTo(y + step[event.key][0], x + step[event.key][1], true);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      panel.pinned = true;
      moveTo(y, x, true);
      body.querySelector('button')?.focus();
    }
  };
  place.onkeydown = event => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    surroundings.close();
  };
  close.onclick = surroundings.close;
  play.onclick = () => slide(panel, play, row, cell, moveTo, rows, columns);
  if (!['convolution', 'max_pooling', 'average_pooling'].includes(row.kind)) play.remove();
  update();
  return {place, panel, canvas};
}

const playText = row => motionIsReduced() ? 'Next pixel'
  : row.kind === 'convolution' ? 'Slide the filter' : 'Slide the window';

// A strong pixel of the map, so that there is something to see.
function firstPlace(row, channel) {
  if (isVector(row)) {
    let best = 0;
    for (let c = 1; c < row.shape[2]; c++) {
      if (numberAt(row, 0, 0, c) > numberAt(row, 0, 0, best)) best = c;
    }
    return [0, 0, best];
  }
  let found = [Math.floor(row.shape[0] / 2), Math.floor(row.shape[1] / 2), channel], most = -1;
  for (let y = 0; y < row.shape[0]; y++) {
    for (let x = 0; x < row.shape[1]; x++) {
      const value = Math.abs(numberAt(row, y, x, channel) ?? NaN);
      if (value > most) { most = value; found = [y, x, channel]; }
    }
  }
  return found;
}

function placeName(net, row, {y, x, channel}) {
  if (!isVector(row)) return `${mapName(row, channel)}, row ${y + 1}, column ${x + 1}`;
  const named = row.shape[2] === net.classes.length;
  return named ? `class ${net.classes[channel]}` : `number ${channel + 1}`;
}

const spoken = body => [...body.querySelectorAll('.formula')].map(one => one.textContent).join(' ');

function explainNumber(net, index, panel, found, served, body) {
  const row = net.rows[index];
  if (row.kind === 'input') {
    say(body, 'A pixel of the image as the network is given it: from 0 (black) to 255 (white).');
  } else if (row.kind === 'other') {
    say(body, 'The studio shows the maps of this operation, but not how they are computed.');
  } else if (found.complete) {
    EXPLAIN[row.kind](net, row, found, body, panel);
    sayEnd(body, row, found, served);
  } else if (net.whole || net.opened !== index) {
    say(body, 'The numbers of this row are on their way …');
  } else if (row.filters && !row.filters.includes(panel.channel)) {
    say(body, `Of this row, the weights of the ${row.filters.length} strongest are here. `,
      'Choose one of those.');
  } else {
    say(body, 'The exact numbers are here for the square that is marked. Choose a pixel in it.');
  }
}

function drawLarge(net, panel, canvas, size) {
  const row = net.rows[panel.index], context = canvas.getContext('2d');
  const channel = isVector(row) ? 0 : panel.channel;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(mapCanvas(net, panel.index, channel), 0, 0, canvas.width, canvas.height);
  const [y, x] = placeCell(row, [panel.y, panel.x, panel.channel]);
  if (panel.playing) {  // what the window has not yet come to is still missing
    context.fillStyle = 'rgba(127, 127, 127, .75)';
    context.fillRect((x + 1) * size, y * size, canvas.width, size);
    context.fillRect(0, (y + 1) * size, canvas.width, canvas.height);
  }
  const sent = row.values?.numbers.shape;
  if (sent && !isVector(row) && (sent[0] < row.shape[0] || sent[1] < row.shape[1])) {
    const box = [row.values.top, row.values.left, sent[0], sent[1]];
    outline(context, box.map(side => side * size), [6, 4]);
  }
  outline(context, [y * size - 1, x * size - 1, size + 2, size + 2]);
}

// The mouse chooses the pixel under it until a click holds one; a second click lets go.
function follow(canvas, size, panel, moveTo) {
  const under = event => {
    const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width / size;
    return [Math.floor((event.clientY - box.top) * scale),
      Math.floor((event.clientX - box.left) * scale)];
  };
  let last = '';
  canvas.onpointermove = event => {
    const at = under(event);
    if (panel.pinned || panel.playing || String(at) === last) return;
    last = String(at);
    moveTo(...at, false);
  };
  canvas.onclick = event => {
    const at = under(event);
    panel.stop();
    panel.pinned = !(panel.pinned && String(at) === last);
    last = String(at);
    moveTo(...at, true);
  };
}

function slide(panel, button, row, cell, moveTo, rows, columns) {
  const next = () => {
    const [y, x] = cell();
    const place = y * columns + x + 1;
    if (place >= rows * columns) { panel.stop(); moveTo(0, 0, false); return false; }
    moveTo(Math.floor(place / columns), place % columns, false);
    return true;
  };
  panel.pinned = true;
  if (motionIsReduced()) { next(); return; }
  if (panel.playing) {
    panel.stop();
    button.textContent = playText(row);
    panel.update();
    return;
  }
  button.textContent = 'Pause';
  panel.playing = setInterval(() => {
    if (!button.isConnected) panel.stop();
    else if (!next()) button.textContent = playText(row);
  }, STEP);
}
