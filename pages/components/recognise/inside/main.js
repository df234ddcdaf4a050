// Puts together what is looked at: rows of maps, the open panel, the templates beside them.

function close(root) {
  const {open} = root;
  if (!open) return;
  open.panel.stop();
  open.place.remove();
  root.querySelectorAll('[aria-pressed=true].map').forEach(one => {
    one.setAttribute('aria-pressed', 'false');
  });
  root.open = null;
}

function openMap(root, net, setTriggerValue, index, channel, start = null, focus = true) {
  close(root);
  const section = root.querySelector(`[data-row="${index}"]`);
  section.closest('details')?.setAttribute('open', '');
  const button = section.querySelector(`.map[data-channel="${channel}"]`);
  button?.setAttribute('aria-pressed', 'true');
  root.open = openPanel(net, index, channel, start, {
    close: () => { close(root); button?.focus(); },
    moved: () => {},
  });
  section.appendChild(root.open.place);
  if (focus) root.open.canvas.focus({preventScroll: true});
  if (!net.whole && net.opened !== index && net.rows[index].kind !== 'input') {
    setTriggerValue('row', index);
  }
}

// Rows of a large network stand in groups of maps of one size.
function drawRows(root, net, setTriggerValue) {
  const place = make('div', root);
  const open = (index, channel, start) => (
    openMap(root, net, setTriggerValue, index, channel, start));
  if (net.whole) {
    net.rows.forEach((_, index) => drawRow(net, index, place, open));
    return;
  }
  let group, size = '';
  net.rows.forEach((row, index) => {
    const now = sizeName(row);
    if (now !== size) {
      size = now;
      group = make('details', place);
      let last = index;
      while (last + 1 < net.rows.length && sizeName(net.rows[last + 1]) === now) last++;
      const rows = last === index ? `Row ${index}` : `Rows ${index} to ${last}`;
      make('summary', group, {text: `${rows}: ${now}`});
      if (!index || isVector(row)) group.open = true;
    }
    const here = group;
    drawLater(here, () => drawRow(net, index, here, open));
  });
}

const sizeName = row => isVector(row) ? 'numbers' : `maps of ${row.shape[0]}×${row.shape[1]}`;

// A group that is closed is drawn when somebody opens it.
function drawLater(group, draw) {
  if (group.open) { draw(); return; }
  if (!group.waiting) {
    group.waiting = [];
    group.addEventListener('toggle', () => {
      group.waiting.splice(0).forEach(one => one());
    });
  }
  group.waiting.push(draw);
  group.drawNow = () => group.waiting.splice(0).forEach(one => one());
}

function drawBeside(root, net) {
  if (!net.linear) return;
  const place = make('div', root);
  make('h4', place, {text: `${net.linear.title}: one template for each class`});
  make('p', place, {classes: 'said', text: 'It gives every pixel a weight for each class. '
    + 'Left: the weights. Right: the weights times the drawing. The products and the bias add up '
    + 'to the logit.'});
  const templates = make('div', place, {classes: 'templates'});
  make('h4', place, {text: 'Move the drawing'});
  make('p', place, {classes: 'said', text: 'A template expects every stroke where it was in the '
    + 'training images. A filter finds it wherever it is.'});
  drawShift(net, place, image => drawTemplates(net, templates, image));
}

export default function (component) {
  const {data, parentElement, setTriggerValue} = component;
  const root = rootOf(parentElement, 'inside'), net = unpacked(data);
  if (root.version === net.version) return;
  const before = root.open?.panel, again = before && root.run === net.run;
  const held = root.open?.place.contains(root.getRootNode().activeElement);
  close(root);
  root.version = net.version;
  root.run = net.run;
  root.net = net;
  const opened = [...root.querySelectorAll('details')].map(one => one.open);
  const height = root.offsetHeight;
  root.style.minHeight = `${height}px`;  // so that the page does not jump
  root.replaceChildren();
  drawRows(root, net, setTriggerValue);
  if (again) {
    root.querySelectorAll('details').forEach((one, place) => {
      if (opened[place] && !one.open) { one.drawNow?.(); one.open = true; }
    });
    const start = before.pinned ? [before.y, before.x, before.channel] : null;
    const channel = isVector(net.rows[before.index]) ? 0 : before.channel;
    openMap(root, net, setTriggerValue, before.index, channel, start, held);
  }
  drawBeside(root, net);
  root.style.minHeight = '';
}
