// The arithmetic of one number, in words, tables and small images.

const FIRST_TERMS = 6, MINI = 64;

// A number that is part of a sum; tests and screen readers find it by its name.
function figure(parent, name, value, text = written(value)) {
  return make('b', parent, {text, 'data-name': name, 'data-value': value});
}

function say(parent, ...parts) {
  const line = make('p', parent, {classes: 'formula'});
  for (const part of parts) {
    if (typeof part === 'string') line.append(part);
    else figure(line, ...part);
  }
  return line;
}

// The last line of most sums: what the activation makes of it, and what LiteRT computed.
function sayEnd(parent, row, found, served) {
  if (row.activation && row.kind !== 'activation') {
    say(parent, `${ACTIVATION_NAMES[row.activation]} of `, ['before', found.before], ' is ',
      ['value', found.value], '.');
  }
  if (served !== undefined) {
    const line = say(parent, 'The network itself computed ', ['served', served], '.');
    line.classList.add('served');
  }
}

// A table of numbers on their colours.
function numberTable(parent, caption, name, terms, columns, valueOf, scale) {
  const place = make('figure', parent, {classes: 'numbers'});
  make('figcaption', place, {text: caption});
  const table = make('div', place, {classes: 'cells', role: 'img',
    'aria-label': `${caption}: ${terms.map(term => written(valueOf(term), 2)).join(', ')}`});
  table.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  for (const term of terms) {
    const value = valueOf(term), {background, text} = colourOf(scale, value);
    const cell = make('span', table, {text: written(value, 3), 'data-name': name,
      'data-value': value});
    cell.style.background = background;
    cell.style.color = text;
    if (term.seen === false) cell.title = 'outside the map: padding with zeros';
    if (term.best) cell.classList.add('best');
  }
}

// An input map with the rectangle that is looked at.
function fieldOf(net, index, channel, box) {
  const [height, width] = gridOf(net.rows[index]);
  const size = Math.max(1, Math.floor(MINI / Math.max(height, width)));
  const canvas = make('canvas', null, {'aria-hidden': 'true', classes: 'mini'});
  canvas.width = width * size;
  canvas.height = height * size;
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(mapCanvas(net, index, channel), 0, 0, canvas.width, canvas.height);
  if (box) outline(context, box.map(side => side * size));
  return canvas;
}

// A frame that stands out from any colour.
function outline(context, [top, left, height, width], dashes = []) {
  context.setLineDash(dashes);
  for (const [colour, thickness] of [['#000', 3], ['#fff', 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.strokeRect(left + 0.5, top + 0.5, Math.max(width - 1, 1), Math.max(height - 1, 1));
  }
  context.setLineDash([]);
}

// The rectangle of its source that a pixel is computed from: top, left, height, width.
function fieldBox(row, y, x) {
  const [top, left] = cornerOf(row, y, x);
  return [top, left, (row.window[0] - 1) * row.dilation[0] + 1,
    (row.window[1] - 1) * row.dilation[1] + 1];
}

function kernelCanvas(row, terms, scale) {
  const [, height, width] = row.weights.shape;
  const canvas = make('canvas', null, {'aria-hidden': 'true', classes: 'mini kernel'});
  return paint(canvas, height, width, (y, x) => terms[y * width + x].weight, scale);
}

function signedScale(numbers) {
  const most = Math.max(...numbers.map(Math.abs)) || 1;
  return {kind: 'diverging', low: -most, high: most};
}

const byContribution = (one, other) => Math.abs(other.sum) - Math.abs(one.sum);

function explainConvolution(net, row, found, place, panel) {
  const channels = [...found.channels].sort(byContribution);
  const source = row.sources[0], several = channels.length > 1;
  const all = found.channels.flatMap(channel => channel.terms.map(term => term.weight));
  const scale = signedScale(all);
  const chosen = channels.find(one => one.channel === panel.detail) ?? channels[0];
  if (several) {
    say(place, 'Each input map times its filter, the largest contributions first. ',
      'Choose one to see its products.');
    const list = make('div', place, {classes: 'channels', role: 'group',
      'aria-label': 'Input maps, by contribution'});
    const shown = panel.all ? channels : channels.slice(0, FIRST_TERMS);
    const buttons = shown.map(one => {
      const button = make('button', list, {classes: 'channel', 'data-focus': one.channel,
        'aria-pressed': String(one === chosen)});
      button.append(fieldOf(net, source, one.channel, fieldBox(row, panel.y, panel.x)),
        kernelCanvas(row, one.terms, scale));
      make('span', button, {text: mapName(net.rows[source], one.channel)});
      figure(button, 'channel', one.sum);
      button.onclick = () => panel.choose(one.channel);
      return button;
    });
    roving(buttons);
    const rest = channels.slice(shown.length);
    if (rest.length) {
      const line = say(place, `The other ${rest.length} maps together: `,
        ['rest', rest.reduce((total, one) => total + one.sum, 0)], '. ');
      const more = make('button', line, {text: `All ${channels.length} maps`, classes: 'plain',
        'data-focus': 'all'});
      more.onclick = () => panel.showAll();
    }
  }
  explainProducts(net, row, chosen, place, panel, scale);
  say(place, several ? 'All maps together ' : 'Sum ', ['sum', found.sum], ' + bias ',
    ['bias', found.bias], ' = ', ['before', found.before], '.');
}

function explainProducts(net, row, chosen, place, panel, scale) {
  const columns = row.weights.shape[2], source = net.rows[row.sources[0]];
  const tables = make('div', place, {classes: 'products'});
  if (row.sources.length && row.weights.shape[3] === 1) {
    const look = make('figure', tables, {classes: 'numbers'});
    make('figcaption', look, {text: 'Looks at'});
    look.append(fieldOf(net, row.sources[0], chosen.channel, fieldBox(row, panel.y, panel.x)));
  }
  const name = mapName(source, chosen.channel);
  numberTable(tables, `Inputs (${name})`, 'input', chosen.terms, columns, one => one.input,
    scaleOfRow(source));
  make('span', tables, {text: '×', classes: 'sign'});
  numberTable(tables, 'Weights of the filter', 'weight', chosen.terms, columns,
    one => one.weight, scale);
  make('span', tables, {text: '=', classes: 'sign'});
  numberTable(tables, 'Products', 'product', chosen.terms, columns, one => one.product,
    signedScale(chosen.terms.map(one => one.product)));
  say(place, 'These products add up to ', ['chosen', chosen.sum], '.');
}

function explainWindow(net, row, found, place, panel) {
  const source = net.rows[row.sources[0]];
  const columns = new Set(found.terms.map(term => term.x)).size;
  const tables = make('div', place, {classes: 'products'});
  const look = make('figure', tables, {classes: 'numbers'});
  make('figcaption', look, {text: 'Looks at'});
  look.append(fieldOf(net, row.sources[0], panel.channel, fieldBox(row, panel.y, panel.x)));
  const largest = row.kind === 'max_pooling';
  if (found.terms.length <= 64) {
    const terms = found.terms.map(term => (
      {...term, best: largest && term.input === found.before}));
    numberTable(tables, 'Inputs', 'input', terms, columns, one => one.input, scaleOfRow(source));
  }
  if (largest) {
    say(place, `The largest of these ${found.terms.length} numbers is `,
      ['before', found.before], '.');
  } else {
    say(place, `The mean of these ${found.terms.length} numbers: `, ['sum', found.sum],
      ` ÷ ${found.terms.length} = `, ['before', found.before], '.');
  }
}

function whereFrom(net, row, index) {
  const source = net.rows[row.sources[0]];
  if (source.kind !== 'flatten') return `number ${index + 1}`;
  const before = net.rows[source.sources[0]];
  const [y, x, channel] = placeOf(before, index);
  return isVector(before) ? `number ${index + 1}`
    : `map ${channel + 1}, row ${y + 1}, column ${x + 1}`;
}

function explainDense(net, row, found, place, panel) {
  const order = found.terms.map(term => ({...term, sum: term.product})).sort(byContribution);
  const shown = order.slice(0, panel.all ? 4 * FIRST_TERMS : FIRST_TERMS);
  const table = make('table', place, {classes: 'terms'});
  const head = make('tr', make('thead', table));
  ['From', 'Input', '× weight', '= product'].forEach(text => (
    make('th', head, {text, scope: 'col'})));
  const body = make('tbody', table);
  for (const term of shown) {
    const line = make('tr', body);
    make('th', line, {text: whereFrom(net, row, term.index), scope: 'row'});
    figure(make('td', line), 'input', term.input);
    figure(make('td', line), 'weight', term.weight);
    figure(make('td', line), 'product', term.product);
  }
  const rest = order.slice(shown.length);
  if (rest.length) {
    const line = say(place, `The other ${rest.length} products together: `,
      ['rest', rest.reduce((total, term) => total + term.product, 0)], '. ');
    if (!panel.all) {
      const more = make('button', line, {text: 'More of them', classes: 'plain',
        'data-focus': 'all'});
      more.onclick = () => panel.showAll();
    }
  }
  say(place, 'All products together ', ['sum', found.sum], ' + bias ', ['bias', found.bias], ' = ',
    ['before', found.before], isLogit(net, row) ? ', the logit.' : '.');
}

const isLogit = (net, row) => row.shape[2] === net.classes.length && !row.activation;

function explainSoftmax(net, row, found, place, panel) {
  const order = [...found.powers.keys()].sort((a, b) => found.powers[b] - found.powers[a]);
  const shown = order.slice(0, FIRST_CLASSES);
  if (!shown.includes(panel.channel)) shown.push(panel.channel);
  say(place, `e is raised to each logit, less the largest one (`, ['most', found.most],
    '), so that no number becomes too large.');
  const table = make('table', place, {classes: 'terms'});
  const head = make('tr', make('thead', table));
  ['Class', 'Logit', 'e to the power', '÷ sum'].forEach(text => (
    make('th', head, {text, scope: 'col'})));
  const body = make('tbody', table);
  for (const index of shown) {
    const line = make('tr', body, {classes: index === panel.channel ? 'chosen' : ''});
    make('th', line, {text: net.classes[index] ?? `number ${index + 1}`, scope: 'row'});
    figure(make('td', line), 'logit', found.logits[index]);
    figure(make('td', line), 'power', found.powers[index]);
    figure(make('td', line), 'probability', found.powers[index] / found.sum);
  }
  say(place, `The ${found.powers.length} powers add up to `, ['sum', found.sum], ': ',
    ['power', found.powers[panel.channel]], ' ÷ ', ['sum', found.sum], ' = ',
    ['before', found.before], '.');
}

const SIGNS = {add: ' + ', multiply: ' × ', subtract: ' − '};

function explainBetween(net, row, found, place) {
  const constant = row.weights ? ', a constant' : '';
  say(place, ['input', found.inputs[0]], SIGNS[row.kind], ['input', found.inputs[1]], constant,
    ' = ', ['before', found.before], '.');
  if (row.sources.length === 2) {
    const names = row.sources.map(index => `${index}. ${net.rows[index].title}`);
    say(place, `From the same place of “${names[0]}” and “${names[1]}”.`);
  }
}

function explainActivation(net, row, found, place) {
  say(place, `${ACTIVATION_NAMES[row.activation]} of `, ['before', found.before], ' is ',
    ['value', found.value], '.');
}

function explainCopied(net, row, found, place) {
  const {source, y, x, channel, seen} = found.from, from = net.rows[source];
  const where = isVector(from) ? `number ${channel + 1}`
    : `${mapName(from, channel)}, row ${y + 1}, column ${x + 1}`;
  say(place, seen ? `Taken unchanged from “${source}. ${from.title}”, ${where}: `
    : 'Outside of what it is given, so it is ', ['before', found.before], '.');
}

function explainResize(net, row, found, place) {
  say(place, 'Between the pixels nearest to this place, each weighed by how near it is:');
  for (const term of found.terms) {
    say(place, `row ${term.y + 1}, column ${term.x + 1}: `, ['input', term.input], ' × ',
      ['weight', term.weight], ' = ', ['product', term.product]);
  }
  say(place, 'Sum ', ['sum', found.sum], '.');
}

const EXPLAIN = {
  convolution: explainConvolution, max_pooling: explainWindow, average_pooling: explainWindow,
  mean: explainMean, dense: explainDense, softmax: explainSoftmax, add: explainBetween,
  multiply: explainBetween, subtract: explainBetween, activation: explainActivation,
  flatten: explainCopied, pad: explainCopied, concatenation: explainCopied, resize: explainResize,
};

function explainMean(net, row, found, place, panel) {
  explainWindow(net, {...row, kind: 'average_pooling'}, found, place, panel);
}
