"""The head of every page: its title, how it works, and for newcomers what to do first."""

import streamlit as st

from pages.components.shared import browser, visitor
from pages.components.shared.contents import PAGES

# Streamlit writes white on the main colour; in the dark theme that colour is light.
_READABLE = """<style>
[data-testid="stBaseButton-primary"]:enabled, [data-testid="stMultiSelectTagsContainer"] [data-tag],
[data-testid="stMultiSelectTagsContainer"] [data-tag] span
{color: light-dark(#FFFFFF, #06222F) !important}
/* what one came for is seen without scrolling */
[data-testid=stMainBlockContainer] {padding-top:4.1rem; padding-bottom:3rem}
[data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock] {gap:.7rem}
[data-testid=stMainBlockContainer] h1 {font-size:1.75rem; padding:.15rem 0}
.st-key-first_visit {padding:.35rem .8rem}
.st-key-what {row-gap:.5rem}
[data-testid=stHorizontalBlock]:has(i.tools) > [data-testid=stColumn]:first-child {min-width:320px}
/* chips of many files are scrolled in their box, and do not lengthen the page */
[data-testid=stFileUploader] {position:relative; overflow:clip}
/* Streamlit's own limit is larger than ours, which stands below the box */
[data-testid=stFileUploaderDropzoneInstructions] span {font-size:0}
[data-testid=stFileUploaderDropzoneInstructions] span::after
{content:"or drop files here"; font-size:.875rem}
@media (max-width:640px) {
 [data-testid=stMainBlockContainer] h1 {font-size:1.5rem}
 [data-testid=stColumn]:has(i.tools) {order:3}
 [data-testid=stMainBlockContainer] {overflow-wrap:anywhere}
 .st-key-first_visit {flex-wrap:nowrap} .st-key-first_visit p {font-size:.82rem; line-height:1.35}
}
</style><i></i>"""  # style alone would take the place of a toast


def show(name: str, beginning: bool = True) -> None:
    """Title and explanation; the hint, until it is dismissed in this browser.

    Args:
        name: of the page.
        beginning: whether this is where one begins, so that the hint is of use.
    """
    page = PAGES[name]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(page.title, anchor=False, width="content")
        with st.popover("How it works", icon=":material/help:", type="tertiary"):
            st.markdown(page.how)
        st.html(_READABLE, width="content")
    visitor.say_that_it_is_public()
    if beginning:
        hint(name, page.first)


def hint(page: str, text: str) -> None:
    """What to do first, until it is dismissed in this browser.

    Args:
        page: its name; a hint that was dismissed there is gone whatever it says.
        text: Markdown.
    """
    if page in browser.hints_read():
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="first_visit"):
        st.markdown(f":material/lightbulb: **New here?** {text}")
        st.button("Got it", on_click=browser.dismiss_hint, args=(page,), key="dismiss_hint")
