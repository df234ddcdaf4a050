"""A confusion matrix whose cells can be clicked, or walked through with the arrow keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

_CSS = """
.matrix {overflow-x:auto; padding:.15rem; font-family:var(--st-font); color:var(--st-text-color)}
table {border-collapse:separate; border-spacing:1px; font-variant-numeric:tabular-nums}
table.roomy {width:100%; table-layout:fixed}
table.roomy th:first-child, table.roomy td:first-child {width:4.6rem}
th {font-weight:600; font-size:.8rem; padding:.1rem .25rem; max-width:7rem; overflow:hidden;
 text-overflow:ellipsis; white-space:nowrap}
tbody th {text-align:right}
thead th.upright {vertical-align:bottom; height:5.4rem; text-overflow:clip; padding:.1rem 0}
thead th.upright span {writing-mode:vertical-rl; transform:rotate(180deg); max-height:5.2rem;
 overflow:hidden; text-overflow:ellipsis; display:inline-block}
.axis {font-weight:400; opacity:.8; text-align:center}
td {padding:0}
button {all:unset; box-sizing:border-box; cursor:pointer; display:block; width:100%;
 min-width:1.5rem; height:1.9rem; line-height:1.9rem; text-align:center; font-size:.82rem;
 border-radius:.2rem}
.dense button {height:1.35rem; line-height:1.35rem; min-width:1.35rem; font-size:.62rem}
.dense th {font-size:.68rem}
button:hover, button:focus-visible {outline:2px solid var(--st-text-color); outline-offset:-1px}
button[aria-pressed=true] {outline:3px solid #CC79A7; outline-offset:-1px; font-weight:700}
"""

_JS = """
const PAPER = [[255, 255, 255], [16, 24, 30]];  // of the light and of the dark theme
// Black or white, whichever stands out more (WCAG 2.2, relative luminance).
function readable(colour, alpha, paper) {
  const linear = paper.map((under, i) => (colour[i] * alpha + under * (1 - alpha)) / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? '#000' : '#fff';
}
export default function (component) {
  const {data, parentElement, setTriggerValue} = component;
  let root = parentElement.querySelector('.matrix');
  if (!root) {
    root = document.createElement('div');
    root.className = 'matrix';
    parentElement.appendChild(root);
  }
  const names = data.names, size = names.length, dense = size > 14;
  const upright = dense || names.some(name => name.length > 5);
  const table = document.createElement('table');
  table.className = dense ? 'dense' : 'roomy';
  table.setAttribute('aria-label', data.label);
  const element = (tag, text, parent, classes) => {
    const made = document.createElement(tag);
    if (text !== '') made.textContent = text;
    if (classes) made.className = classes;
    parent.appendChild(made);
    return made;
  };
  const head = element('thead', '', table);
  const over = element('tr', '', head);
  element('td', '', over);
  element('th', 'predicted class', over, 'axis').colSpan = size;
  const row0 = element('tr', '', head);
  element('th', 'true class', row0, 'axis');
  names.forEach(name => {
    const th = element('th', upright ? '' : name, row0, upright ? 'upright' : '');
    th.scope = 'col';
    th.title = name;
    if (upright) element('span', name, th);
  });
  const body = element('tbody', '', table);
  const buttons = [];
  data.values.forEach((values, row) => {
    const tr = element('tr', '', body);
    const th = element('th', names[row], tr);
    th.scope = 'row';
    th.title = names[row];
    values.forEach((value, column) => {
      const td = element('td', '', tr);
      const button = element('button', data.texts[row][column], td);
      const share = Math.sqrt(Math.min(1, Math.abs(value) / data.most));
      const colour = value < 0 ? [190, 78, 0] : [0, 90, 145], alpha = 0.08 + 0.92 * share;
      button.style.background = value === 0
        ? 'color-mix(in srgb, var(--st-text-color) 5%, transparent)'
        : `rgba(${colour},${alpha.toFixed(3)})`;
      const [light, dark] = PAPER.map(paper => readable(colour, alpha, paper));
      button.style.color = `light-dark(${light}, ${dark})`;
      const chosen = data.cell && data.cell[0] === row && data.cell[1] === column;
      button.setAttribute('aria-pressed', chosen ? 'true' : 'false');
      const says = data.says[row][column];
      button.setAttribute('aria-label', `${names[row]} predicted as ${names[column]}: ${says}`);
      button.title = `${names[row]} → ${names[column]}: ${says}`;
      button.tabIndex = (data.cell ? chosen : row + column === 0) ? 0 : -1;
      button.onclick = () => setTriggerValue('cell', [row, column]);
      button.onkeydown = event => {
        const step = {ArrowUp: -size, ArrowDown: size, ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          button.click();
        } else if (step !== undefined) {
          event.preventDefault();
          const next = buttons[row * size + column + step];
          if (next) { button.tabIndex = -1; next.tabIndex = 0; next.focus(); }
        }
      };
      buttons.push(button);
    });
  });
  const held = parentElement.activeElement || document.activeElement;
  const place = held && held.dataset ? held.dataset.place : undefined;
  buttons.forEach((button, index) => { button.dataset.place = index; });
  root.replaceChildren(table);
  if (place !== undefined && buttons[place]) buttons[place].focus({preventScroll: true});
}
"""

_COMPONENT = st.components.v2.component("confusion_matrix", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Matrix:
    """A square table of shades.

    Attributes:
        label: what it is, for those who cannot see it.
        names: of the classes.
        values: what the shades stand for, float, shape `(K, K)`; below 0 in another colour.
        texts: what stands in each cell.
        says: what each cell says in full, for tooltips and screen readers.
        most: the value with the darkest shade, so that several matrices share one scale.
    """

    label: str
    names: Sequence[str]
    values: np.ndarray
    texts: Sequence[Sequence[str]]
    says: Sequence[Sequence[str]]
    most: float


def show(
    key: str,
    matrix: Matrix,
    cell: tuple[int, int] | None,
    on_click: Callable[[int, int], None],
) -> None:
    """Draw a matrix.

    Args:
        key: of the widget.
        matrix: what is drawn.
        cell: the chosen one.
        on_click: called with row and column.
    """

    def clicked() -> None:
        if place := st.session_state[key].cell:
            on_click(int(place[0]), int(place[1]))

    _COMPONENT(
        key=key,
        data={
            "label": matrix.label,
            "names": list(matrix.names),
            "values": matrix.values.round(5).tolist(),
            "texts": matrix.texts,
            "says": matrix.says,
            "most": float(matrix.most) or 1.0,
            "cell": list(cell) if cell else None,
        },
        on_cell_change=clicked,
    )
