"""What the browser itself does on every page: one step of history for each thing somebody does, a
menu on the phone that closes, a note of which hints were dismissed, and a canvas with one set of
buttons: its own toolbar needs a mouse, and lies where no style of the page reaches it.

Streamlit adds an entry to the history for whatever changes the URL, also when the page does so by
itself, and takes the query parameters of one page along to the next.
"""

import streamlit as st

from core.models import MODELS
from pages.components.shared import keys
from pages.components.shared.contents import PAGES

_COOKIE = "studio_hints"
_PHONE = 768  # pixels; below, Streamlit shows the menu as a drawer over the page

_JS = """
const YEAR = 365 * 24 * 3600;

function noteHints(cookie, pages) {
  const found = document.cookie.match(new RegExp(`(?:^|; )${cookie}=([^;]*)`));
  const known = new Set((found?.[1] ?? '').split('.').filter(Boolean));
  const before = known.size;
  pages.forEach(page => known.add(page));
  if (known.size > before)
    document.cookie = `${cookie}=${[...known].join('.')}; path=/; max-age=${YEAR}; SameSite=Lax`;
}

function onePerGesture(token) {
  let acted = false;  // whether somebody did something since the last entry
  let left = location.search;  // what stood in the URL when they did
  const note = event => {
    if (!event.isTrusted) return;
    acted = true;
    left = location.search;
  };
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, note, true);
  // a click without a pointer is a screen reader's; others come at the end of a gesture
  addEventListener('click', event => { if (!event.detail) note(event); }, true);
  const without = url => {
    const query = new URLSearchParams(url.search);
    query.delete(token);
    return url.pathname + '?' + query;
  };
  const push = history.pushState.bind(history);
  history.pushState = (state, title, to) => {
    const here = new URL(location.href), there = new URL(to, here);
    const elsewhere = here.pathname !== there.pathname;
    if (elsewhere)  // what is the same as on the page before was taken along
      for (const [key, value] of new URLSearchParams(left))
        if (key !== token && there.searchParams.get(key) === value) there.searchParams.delete(key);
    if (!acted || without(here) === without(there))
      return history.replaceState(state, title, there);
    acted = false;
    push(state, title, there);
  };
}

function closingMenu(phone) {
  addEventListener('click', event => {
    if (innerWidth < phone && event.target.closest?.('[data-testid=stSidebarNavLink]'))
      document.querySelector('[data-testid=stSidebarCollapseButton] button')?.click();
  });
}

function withoutSecondToolbar() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('.dc-toolbar {display:none !important}');
  const hide = root => { root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]; };
  for (const element of document.querySelectorAll('*'))
    if (element.shadowRoot) hide(element.shadowRoot);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    hide(root);
    return root;
  };
}

export default function ({data}) {
  noteHints(data.cookie, data.hints);
  if (window.studioIsSteady) return;
  window.studioIsSteady = true;
  onePerGesture(data.token);
  closingMenu(data.phone);
  withoutSecondToolbar();
}
"""

_COMPONENT = st.components.v2.component("steady_browser", js=_JS)


def hints_read() -> set[str]:
    """Pages whose hint was dismissed in this browser."""
    before = (st.context.cookies.get(_COOKIE) or "").split(".")
    return {*before, *st.session_state.get(keys.HINT, [])}


def dismiss_hint(page: str) -> None:
    """The hint of that page has been read, in this browser."""
    st.session_state[keys.HINT] = [*st.session_state.get(keys.HINT, []), page]


def attend() -> None:
    """Put it on the page; once in each run."""
    _COMPONENT(
        key="steady_browser",
        data={
            "cookie": _COOKIE,
            "hints": st.session_state.get(keys.HINT, []),
            "token": keys.SKETCH,
            "phone": _PHONE,
        },
        height=0,
    )


def drop_foreign_parameters(page: str) -> None:
    """Take query parameters away that belong to widgets of other pages.

    Args:
        page: the one that is shown now, by its path in the URL; empty for the first page.
    """
    now = page or next(iter(PAGES))
    for key in list(st.query_params):
        field = key.partition(".")[0] in MODELS  # of a model's form
        owners = {"train"} if field else {p.name for p in PAGES.values() if key in p.parameters}
        if owners and now not in owners:
            del st.query_params[key]
