"""The pages of the studio, in the order of the menu: one entry registers a page."""

from dataclasses import dataclass

from pages.components.shared import keys


@dataclass(frozen=True)
class StudioPage:
    """What is said of a page around it.

    Attributes:
        name: of its file in `pages/`, and of its path in the URL.
        title: in the menu and at its head.
        icon: of the menu, in Streamlit's notation.
        first: what newcomers do first, Markdown.
        how: how the page works, Markdown.
        parameters: query parameters that Streamlit binds to its widgets; other pages do not get
            them.
        elements: kinds of elements it begins with, by the names of Streamlit's scripts.
    """

    name: str
    title: str
    icon: str
    first: str
    how: str
    parameters: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


PAGES: dict[str, StudioPage] = {
    page.name: page
    for page in (
        StudioPage(
            "recognise",
            "Recognise",
            ":material/draw:",
            "Draw a digit in the white square, or click a sample beside it. The prediction "
            "follows every stroke.",
            """
1. The **ink** is separated from the background by brightness or by colour. Several ways are tried,
   also without printed lines, boxes and the desk around a sheet; the one whose shapes look most
   like digits is used.
2. The **digits** are the connected pieces of ink, row by row, from left to right.
3. Each digit is **normalised** like the training images: 20 pixels large, centred by weight in a
   square of 28×28.
4. The **model** turns these 784 numbers into ten probabilities. The class with the largest one is
   the prediction.

A photo skips the first three steps: it is fitted to the square that the model expects.

A model knows nothing but its classes. A letter is predicted as the digit it resembles most, so look
at the probabilities, not at the predicted class alone.""",
            parameters=(keys.UNSURE_BELOW, keys.NOTHING_FITS_BELOW, keys.INSIDE, keys.WHY_OPACITY),
            elements=("Slider",),
        ),
        StudioPage(
            "train",
            "Train a model",
            ":material/school:",
            "Look at the images, click **Next: choose a model**, then **Start training**. "
            "With scikit-learn digits and a random forest it takes seconds.",
            """
1. The **images** are divided into three splits: *training*, which the model learns from;
   *validation*, which shows during training whether the model improves on images it has not seen;
   and *test*, which stays untouched until the end.
2. A **classical model** looks at numbers: pixels, edge histograms or patterns. A **network** learns
   by itself what to look for: it goes through the images many times (*epochs*), and after every
   batch its weights move a little in the direction that lowers the *loss*. A **pretrained network**
   has already learned to see and only needs to learn your classes.
3. The **training curve** shows the progress: if training accuracy keeps rising and validation
   accuracy does not, the model learns its images by heart (*overfitting*).

Training runs in a process of its own. You may leave this page and come back later.""",
            parameters=(keys.RUN_NAME, keys.SEED),
            elements=("Metric", "Slider"),
        ),
        StudioPage(
            "compare",
            "Compare models",
            ":material/leaderboard:",
            "Open **Confusion matrix** and click a cell to see its images. **Misclassified "
            "images** shows where models differ.",
            """
Every model here has predicted **the same test images**, and none was trained on them. All metrics
are computed from these stored predictions.

- **Accuracy** is the fraction of correct predictions. Its *95 % interval* shows how far chance
  alone could move it: by several percent with 360 images, by a few tenths with 10,000.
- The **confusion matrix** counts how often each true class is predicted as each class. Correct
  predictions lie on the diagonal.
- **Precision**: of all images predicted as 4, the fraction that is a 4. **Recall**: of all fours,
  the fraction that was found. **F1** is high only if both are.
- Whether one model is *significantly* better is decided by **McNemar's test**, on the images that
  only one of the two predicts correctly.

Why does a CNN beat logistic regression? Open **Misclassified images** and choose **By one model,
not by another**: shifted, slanted and thin digits. Logistic regression weighs each pixel where it
stands; a CNN finds a stroke wherever it is.""",
            parameters=(keys.UNSURE_BELOW, keys.REPLAY),
            elements=("Multiselect",),
        ),
        StudioPage(
            "image_lab",
            "Image lab",
            ":material/science:",
            "Move a slider and watch the image, or add a step from the list. Then see what "
            "a model predicts for it.",
            """
An image is a table of numbers from 0 (black) to 255 (white), in colour three of them.

- **Blurring** takes the mean of each pixel's neighbourhood; **edge** operations take differences
  between neighbours; a **threshold** turns grey into black or white.
- A **pipeline** applies its steps in order, each to the result of the one before. Blurring before
  looking for edges gives fewer and cleaner edges: try both orders.
- **Augmentation** shows a model the same image shifted, rotated or darkened, so that it learns what
  does not matter.
- **Robustness** measures accuracy on test images with a growing *corruption*, such as
  noise or blur.

Every step shows the OpenCV call that made it. **Copy the code** gives a script that does the
same.""",
            parameters=(keys.LAB_NUMBER, keys.LAB_SEED),
            elements=("Selectbox", "Slider", "Checkbox", "DownloadButton"),
        ),
    )
}
