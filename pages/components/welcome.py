"""The head of every page: its title, how it works, and for newcomers what to do first."""

import streamlit as st

from pages.components import browser, visitor

FIRST = {
    "recognise": "Draw a digit in the white square, or click a sample beside it. The "
    "answer follows every stroke.",
    "train": "Look at the pictures, click **Next: choose a model**, then **Start "
    "training**. With scikit-learn digits and a random forest it takes seconds.",
    "compare": "Open **Confusion** and click a cell: these are the pictures behind "
    "the number. **Mistakes** shows what one model gets right and another wrong.",
    "image_lab": "Move a slider and watch the picture, or add a step from the list. "
    "Then see what a model says about it.",
}
HOW = {
    "recognise": """
1. **Ink** is told from the background by brightness, or by colour. Several ways are tried, also
   without printed lines, boxes and the desk around a sheet; the one whose shapes look most like
   digits counts.
2. **Digits** are the connected pieces of ink, row by row, from left to right.
3. Each is **normalised** as in the training pictures: 20 pixels large, centred by weight in a
   square of 28×28.
4. The **model** turns those 784 numbers into ten probabilities; the largest is the answer.

A photograph skips the first three steps: it is fitted to the square that the model expects.

A model knows nothing but its classes. A letter is read as the digit it resembles most, so look at
the probabilities, not at the answer alone.""",
    "train": """
1. **Pictures** are split into three parts: for *training*, which the model learns from; for
   *validation*, which tells during training whether it gets better at pictures it has not seen; and
   for *testing*, which stay untouched until the end.
2. A **classical model** looks at numbers: pixels, edge histograms or patterns. A **network** learns
   by itself what to look for: it goes through the pictures many times (*epochs*), and after every
   batch its weights move a little in the direction that lowers the *loss*. A **pretrained network**
   has already learnt to see and only needs to learn your names for things.
3. The **learning curve** tells how it goes: if training keeps getting better and validation does
   not, the model learns its pictures by heart (*overfitting*).

Training runs in a process of its own. You may leave this page; it is found again.""",
    "compare": """
Every model here has answered **the same test pictures**, which none of them learnt from. All
figures come from those stored answers.

- **Accuracy** is the part that was right. Its *95 % interval* says how far chance alone could move
  it: with 360 pictures by several percent, with 10,000 by a few tenths.
- The **confusion matrix** counts what was taken for what; right answers lie on the diagonal.
- **Precision**: of all pictures called a 4, how many were one. **Recall**: of all fours, how many
  were found. **F1** is high only if both are.
- Whether one model is *significantly* better is judged by **McNemar's test**, on the pictures that
  only one of the two gets right.

Why does a CNN beat logistic regression? Open **Mistakes** and choose the pictures that one gets
right and the other wrong: shifted, slanted and thin digits. Logistic regression weighs each pixel
where it stands; a CNN finds a stroke wherever it is.""",
    "image_lab": """
A picture is a table of numbers from 0 (black) to 255 (white), in colour three of them.

- **Blurring** takes the mean of each pixel's neighbourhood; **edge** operations take differences
  between neighbours; a **threshold** turns grey into black or white.
- Steps are done **in order**, each on the result of the one before. Blurring before looking for
  edges makes fewer and cleaner ones: try both orders.
- **Random changes** (*augmentation*) show a model the same picture shifted, turned or darkened, so
  that it learns what does not matter.
- **Where models break** changes test pictures more and more and counts the right answers.

Every step shows the OpenCV call that made it; **Copy the code** gives a script that does the
same.""",
}
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


def show(page: str, title: str, beginning: bool = True) -> None:
    """Title and explanation; the hint, until it is dismissed in this browser.

    Args:
        page: one of `FIRST` and `HOW`.
        title: as the page is called.
        beginning: whether this is where one begins, so that the hint is of use.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(title, anchor=False, width="content")
        with st.popover("How does this work?", icon=":material/help:", type="tertiary"):
            st.markdown(HOW[page])
        st.html(_READABLE, width="content")
    visitor.say_that_it_is_public()
    if beginning:
        hint(page, FIRST[page])


def hint(page: str, text: str) -> None:
    """What to do first, until it is dismissed in this browser.

    Args:
        page: one of `FIRST`; a hint that was dismissed there is gone whatever it says.
        text: Markdown.
    """
    if page in browser.hints_read():
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="first_visit"):
        st.markdown(f":material/lightbulb: **New here?** {text}")
        st.button("Got it", on_click=browser.dismiss_hint, args=(page,), key="dismiss_hint")
