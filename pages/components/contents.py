"""The pages of the studio, in the order of the menu: one entry registers a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StudioPage:
    """What is said of a page around it.

    Attributes:
        name: of its file in `pages/`, and of its path in the URL.
        title: in the menu and at its head.
        icon: of the menu, in Streamlit's notation.
        first: what newcomers do first, Markdown.
        how: how the page works, Markdown.
        elements: kinds of elements it begins with, by the names of Streamlit's scripts.
    """

    name: str
    title: str
    icon: str
    first: str
    how: str
    elements: tuple[str, ...] = ()


PAGES: dict[str, StudioPage] = {
    page.name: page
    for page in (
        StudioPage(
            "recognise",
            "Recognise",
            ":material/draw:",
            "Draw a digit in the white square, or click a sample beside it. The answer "
            "follows every stroke.",
            """
1. **Ink** is told from the background by brightness, or by colour. Several ways are tried, also
   without printed lines, boxes and the desk around a sheet; the one whose shapes look most like
   digits counts.
2. **Digits** are the connected pieces of ink, row by row, from left to right.
3. Each is **normalised** as in the training images: 20 pixels large, centred by weight in a
   square of 28×28.
4. The **model** turns those 784 numbers into ten probabilities; the largest is the answer.

A photo skips the first three steps: it is fitted to the square that the model expects.

A model knows nothing but its classes. A letter is read as the digit it resembles most, so look at
the probabilities, not at the answer alone.""",
            elements=("Slider",),
        ),
        StudioPage(
            "train",
            "Train a model",
            ":material/school:",
            "Look at the images, click **Next: choose a model**, then **Start training**. "
            "With scikit-learn digits and a random forest it takes seconds.",
            """
1. **Images** are split into three parts: for *training*, which the model learns from; for
   *validation*, which tells during training whether it gets better at images it has not seen; and
   for *testing*, which stay untouched until the end.
2. A **classical model** looks at numbers: pixels, edge histograms or patterns. A **network** learns
   by itself what to look for: it goes through the images many times (*epochs*), and after every
   batch its weights move a little in the direction that lowers the *loss*. A **pretrained network**
   has already learned to see and only needs to learn your names for things.
3. The **training curve** tells how it goes: if training keeps getting better and validation does
   not, the model learns its images by heart (*overfitting*).

Training runs in a process of its own. You may leave this page; it is found again.""",
            elements=("Metric", "Slider"),
        ),
        StudioPage(
            "compare",
            "Compare models",
            ":material/leaderboard:",
            "Open **Confusion** and click a cell: these are the images behind the number. "
            "**Mistakes** shows what one model gets right and another wrong.",
            """
Every model here has answered **the same test images**, which none of them learned from. All
figures come from those stored answers.

- **Accuracy** is the part that was right. Its *95 % interval* says how far chance alone could move
  it: with 360 images by several percent, with 10,000 by a few tenths.
- The **confusion matrix** counts what was taken for what; right answers lie on the diagonal.
- **Precision**: of all images called a 4, how many were one. **Recall**: of all fours, how many
  were found. **F1** is high only if both are.
- Whether one model is *significantly* better is judged by **McNemar's test**, on the images that
  only one of the two gets right.

Why does a CNN beat logistic regression? Open **Mistakes** and choose the images that one gets
right and the other wrong: shifted, slanted and thin digits. Logistic regression weighs each pixel
where it stands; a CNN finds a stroke wherever it is.""",
            elements=("Multiselect",),
        ),
        StudioPage(
            "image_lab",
            "Image lab",
            ":material/science:",
            "Move a slider and watch the image, or add a step from the list. Then see what "
            "a model says about it.",
            """
An image is a table of numbers from 0 (black) to 255 (white), in colour three of them.

- **Blurring** takes the mean of each pixel's neighbourhood; **edge** operations take differences
  between neighbours; a **threshold** turns grey into black or white.
- Steps are done **in order**, each on the result of the one before. Blurring before looking for
  edges makes fewer and cleaner ones: try both orders.
- **Random changes** (*augmentation*) show a model the same image shifted, turned or darkened, so
  that it learns what does not matter.
- **Where models break** changes test images more and more and counts the right answers.

Every step shows the OpenCV call that made it; **Copy the code** gives a script that does the
same.""",
            elements=("Selectbox", "Slider", "Checkbox", "DownloadButton"),
        ),
    )
}
