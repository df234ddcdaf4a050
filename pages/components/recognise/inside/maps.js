// Rows of feature maps: one button for each map, one stop of the Tab key for each row.

const WIDEST_VECTOR = 64, CELL = 10;

const isVector = row => row.shape[0] * row.shape[1] === 1;

// A vector is drawn as a table of cells, read line by line.
function gridOf(row) {
  if (!isVector(row)) return [row.shape[0], row.shape[1]];
  const count = row.shape[2];
  const columns = Math.min(count, WIDEST_VECTOR, Math.max(10, Math.ceil(Math.sqrt(3 * count))));
  return [Math.ceil(count / columns), columns];
}

// The place in a row's array of a cell of what is drawn: y, x, channel.
function cellPlace(row, channel, y, x) {
  if (!isVector(row)) return [y, x, channel];
  return [0, 0, y * gridOf(row)[1] + x];
}

// The cell in which a place is drawn.
function placeCell(row, [y, x, channel]) {
  const columns = gridOf(row)[1];
  return isVector(row) ? [Math.floor(channel / columns), channel % columns] : [y, x];
}

function scaleOfRow(row) {
  if (row.kind === 'input') return scaleOf(0, 255, 'grey');
  return scaleOf(row.low, row.high);
}

// What a map shows, on a canvas that is made once.
function mapCanvas(net, index, channel) {
  const known = net.canvases ??= new Map(), key = `${index}/${channel}`;
  if (!known.has(key)) known.set(key, drawnMap(net.rows[index], channel));
  return known.get(key);
}

function drawnMap(row, channel) {
  const canvas = document.createElement('canvas'), scale = scaleOfRow(row);
  const [height, width] = gridOf(row);
  const place = row.shown.indexOf(channel);
  if (!row.values && row.thumbnails && place >= 0) {
    const [, down, right] = row.thumbnails.shape;
    const low = Math.min(row.low, 0), step = (row.high - low) / 255;
    return paint(canvas, down, right,
      (y, x) => low + step * row.thumbnails.data[(place * down + y) * right + x], scale);
  }
  return paint(canvas, height, width,
    (y, x) => numberAt(row, ...cellPlace(row, channel, y, x)), scale);
}

function copyOf(canvas, classes) {
  const copy = make('canvas', null, {classes, 'aria-hidden': 'true'});
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.getContext('2d').drawImage(canvas, 0, 0);
  return copy;
}

function describedShape(row) {
  const [height, width, depth] = row.shape;
  if (isVector(row)) return `${depth} numbers`;
  return `${depth} ${depth === 1 ? 'map' : 'maps'} of ${height}×${width}`;
}

const mapName = (row, channel) => row.kind === 'input' && row.shape[2] === 3
  ? ['red', 'green', 'blue'][channel] : `map ${channel + 1}`;

// One row: its title, the scale of its colours, its maps.
function drawRow(net, index, parent, open) {
  const row = net.rows[index];
  const place = make('section', parent, {classes: 'row', 'data-row': index});
  const head = make('div', place, {classes: 'head'});
  make('h4', head, {text: `${index}. ${row.title}`});
  make('span', head, {text: describedShape(row), classes: 'shape'});
  legend(head, scaleOfRow(row));
  const maps = make('div', place, {
    classes: 'maps', role: 'group', 'aria-label': `Feature maps of ${row.title}`,
  });
  const draw = all => {
    const whole = isVector(row);
    const channels = whole ? [0] : all ? [...Array(row.shape[2]).keys()] : row.shown;
    const buttons = channels.map(channel => mapButton(net, index, channel, maps, open));
    roving(buttons);
    const more = row.shape[2] - channels.length;
    if (whole || more <= 0) return;
    if (net.whole) {
      const button = make('button', maps, {text: `All ${row.shape[2]} maps`, classes: 'plain'});
      button.onclick = () => { maps.replaceChildren(); draw(true); maps.firstChild.focus(); };
    } else {
      make('span', maps, {text: `and ${more} weaker ones`, classes: 'shape'});
    }
  };
  draw(false);
  if (isVector(row) && row.shape[2] === net.classes.length) drawClasses(net, index, place, open);
  return place;
}

function mapButton(net, index, channel, maps, open) {
  const row = net.rows[index];
  const name = isVector(row) ? `the ${row.shape[2]} numbers` : mapName(row, channel);
  const button = make('button', maps, {
    classes: isVector(row) ? 'map vector' : 'map', 'aria-label': `Open ${name} of ${row.title}`,
    'aria-pressed': 'false', 'data-channel': channel,
  });
  button.title = isVector(row) ? name : `${name} of ${row.shape[2]}`;
  const canvas = button.appendChild(copyOf(mapCanvas(net, index, channel)));
  if (isVector(row)) canvas.style.width = `${CELL * canvas.width}px`;
  button.onclick = () => open(index, channel);
  return button;
}

const FIRST_CLASSES = 10;

// Of a row with a number for each class: the largest ones with the names of their classes.
function drawClasses(net, index, parent, open) {
  const row = net.rows[index], count = row.shape[2];
  const order = [...Array(count).keys()];
  if (count > FIRST_CLASSES) {
    order.sort((one, other) => numberAt(row, 0, 0, other) - numberAt(row, 0, 0, one));
  }
  const place = make('div', parent, {classes: 'classes', role: 'group',
    'aria-label': `Classes of ${row.title}`});
  const buttons = order.slice(0, FIRST_CLASSES).map(channel => {
    const value = numberAt(row, 0, 0, channel);
    const button = make('button', place, {classes: 'plain class', 'data-channel': channel});
    make('span', button, {text: net.classes[channel]});
    make('b', button, {text: row.kind === 'softmax' ? percent(value) : written(value, 2)});
    button.onclick = () => open(index, 0, [0, 0, channel]);
    return button;
  });
  roving(buttons);
}
