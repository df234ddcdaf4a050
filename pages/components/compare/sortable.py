"""A table that is sorted in the browser by a click on a heading, or by keyboard.

Streamlit's own table takes most of a second to arrive in a browser; this one is there at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

_CSS = """
.sortable {overflow-x:auto; font-family:var(--st-font); color:var(--st-text-color);
 border:1px solid var(--st-border-color); border-radius:var(--st-base-radius)}
table {border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; font-size:.92rem}
th, td {padding:.5rem .75rem; text-align:right; white-space:nowrap;
 border-bottom:1px solid var(--st-border-color)}
tbody tr:last-child > * {border-bottom:none}
thead {background:var(--st-secondary-background-color)}
th.text, td.text, tbody th {text-align:left}
tbody th {font-weight:600}
tbody th, thead th:first-child {position:sticky; left:0; background:var(--st-background-color);
 max-width:45vw; overflow:hidden; text-overflow:ellipsis}
thead th:first-child {background:var(--st-secondary-background-color)}
td.best {font-weight:700}
button {all:unset; cursor:pointer; font-weight:600; font-size:.86rem}
button:hover {text-decoration:underline}
button:focus-visible {outline:2px solid var(--st-primary-color); outline-offset:2px}
"""

_JS = """
export default function (component) {
  const {data, parentElement} = component;
  let root = parentElement.querySelector('.sortable');
  if (!root) {
    root = document.createElement('div');
    root.className = 'sortable';
    parentElement.appendChild(root);
  }
  const make = (tag, parent, text, classes) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (classes) made.className = classes;
    parent.appendChild(made);
    return made;
  };
  const state = root.sorted ??= {column: data.sorted, turned: false};
  const draw = () => {
    const table = document.createElement('table');
    table.setAttribute('aria-label', data.label);
    const head = make('tr', make('thead', table));
    const buttons = data.columns.map((column, place) => {
      const th = make('th', head, '', column.number ? '' : 'text');
      th.scope = 'col';
      const button = make('button', th, column.title);
      button.title = column.help;
      const falling = column.falling !== state.turned;
      if (place === state.column) {
        th.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
        button.textContent += falling ? ' ↓' : ' ↑';
      }
      button.onclick = () => {
        state.turned = place === state.column ? !state.turned : false;
        state.column = place;
        draw()[place].focus();
      };
      return button;
    });
    const falling = data.columns[state.column].falling !== state.turned;
    const last = cell => cell.value === null;
    const body = make('tbody', table);
    [...data.rows].sort((one, other) => {
      const a = one[state.column], b = other[state.column];
      if (last(a) || last(b)) return last(a) - last(b);
      const order = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
      return falling ? -order : order;
    }).forEach(row => {
      const tr = make('tr', body);
      row.forEach((cell, place) => {
        const words = data.columns[place].number ? '' : 'text';
        const made = make(place ? 'td' : 'th', tr, cell.text, cell.best ? 'best' : words);
        if (!place) { made.scope = 'row'; made.title = cell.text; }
      });
    });
    root.replaceChildren(table);
    return buttons;
  };
  draw();
}
"""

_COMPONENT = st.components.v2.component("sortable_table", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        title: its heading.
        help: what it says, shown when one points at the heading.
        number: whether it holds numbers.
        falling: whether a first click puts the largest value on top.
    """

    title: str
    help: str = ""
    number: bool = True
    falling: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: what is read, what it is sorted by (None comes last), whether it is the best."""

    text: str
    value: float | str | None
    best: bool = False


def show(
    key: str, label: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], sorted_by: int
) -> None:
    """Draw the table.

    Args:
        key: of the widget.
        label: what it is, for those who cannot see it.
        columns: the first one names the rows.
        rows: a cell for each column.
        sorted_by: place of the column it is sorted by at first.
    """
    _COMPONENT(
        key=key,
        data={
            "label": label,
            "columns": [asdict(column) for column in columns],
            "rows": [[asdict(cell) for cell in row] for row in rows],
            "sorted": sorted_by,
        },
    )
