// Elements, and numbers as people read them.

function make(tag, parent, options = {}) {
  const {text, classes, ...attributes} = options;
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (classes) made.className = classes;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (parent) parent.appendChild(made);
  return made;
}

// The element of a component that stays while the page is drawn anew.
function rootOf(parentElement, classes) {
  return parentElement.querySelector(`.${classes}`) ?? make('div', parentElement, {classes});
}

const DECIMALS = 4;

// A number with so many decimals that it can be added up, and a true minus sign.
function written(number, decimals = DECIMALS) {
  if (!Number.isFinite(number)) return '–';
  const size = Math.abs(number);
  if (size && size < 0.5 * 10 ** -decimals && decimals === DECIMALS) return tiny(number);
  const places = Number.isInteger(number) ? 0 : size >= 1000 ? 1 : size >= 100 ? 2 : decimals;
  const text = number.toFixed(places);
  return (/^-0(\.0*)?$/.test(text) ? text.slice(1) : text).replace('-', '−');
}

// As 9.1·10⁻⁷.
function tiny(number) {
  const [digits, power] = number.toExponential(1).split('e-');
  const raised = [...power].map(digit => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]).join('');
  return `${digits.replace('-', '−')}·10⁻${raised}`;
}

// A share as a percentage, never more certain than it is, as core/units.py writes it.
function percent(fraction) {
  if (fraction >= 0.9995 && fraction < 1) return '>99.9 %';
  if (fraction > 0 && fraction < 0.0005) return '<0.1 %';
  return `${(100 * fraction).toFixed(1)} %`;
}

// Arrow keys, Home and End on elements in a row, of which only one is a stop of the Tab key.
function roving(elements, columns = 1) {
  elements.forEach((element, place) => {
    element.tabIndex = place ? -1 : 0;
    element.addEventListener('keydown', event => {
      const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[event.key];
      const ends = {Home: 0, End: elements.length - 1}[event.key];
      if (step === undefined && ends === undefined) return;
      event.preventDefault();
      const next = elements[ends ?? place + step];
      if (!next) return;
      elements.forEach(one => { one.tabIndex = one === next ? 0 : -1; });
      next.focus();
    });
  });
}

const motionIsReduced = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
