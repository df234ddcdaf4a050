"""How well `mnist-cnn` reads: as images, in rows, from elsewhere, and shown in other ways."""

import cv2
import numpy as np

from benchmarks.report import print_table
from core import datasets, runs
from core.datasets import DATASETS
from core.errors import ImageError
from core.images import decode, encode_png, to_gray
from core.serving import Predictor, load_predictor
from tests.digits.conditions import CONDITIONS, Condition, row_of_digits
from tests.digits.photos import PHOTOS, PhotoCondition

RUN = "mnist-cnn"
SEED = 20
ROWS = 500
PER_CONDITION = 500
PER_PHOTO_CONDITION = 200  # digits
ROW_STYLES = {
    "28×28 squares side by side": lambda digits, rng: np.hstack(digits),
    "3 to 9 pixels of 28 apart": row_of_digits,
}


def main() -> None:
    """Print the tables."""
    predictor = load_predictor(runs.load(RUN))
    images, labels = DATASETS["mnist"].read_test()
    images = images[..., 0]
    bundled_cards()
    as_images(predictor, images, labels)
    in_rows(predictor, images, labels)
    from_elsewhere(predictor)
    shown_otherwise(predictor, images, labels)


def bundled_cards() -> None:
    """What each bundled run says of itself and what it measures now."""
    rows = []
    for run in (runs.load(run_id) for run_id in runs.TRAINED_HERE):
        images, labels = DATASETS[run.card.dataset].read_test()
        now = load_predictor(run).probabilities(images).argmax(axis=1) == labels
        size = sum(path.stat().st_size for path in run.folder.iterdir()) / 1e6
        rows.append(
            (run.id, f"{run.card.metrics['accuracy']:.2%}", f"{now.mean():.2%}", f"{size:.1f} MB")
        )
    print_table("Bundled runs on their test sets", ("run", "card", "now", "size"), rows)


def as_images(predictor: Predictor, images: np.ndarray, labels: np.ndarray) -> None:
    """All test digits as PNG files, through decoding and normalisation."""
    direct, right, split = measure_images(predictor, images, labels)
    print_table(
        "MNIST's 10,000 test digits saved as PNG files",
        ("straight into the model", "as PNG files", "lost, points", "read as several digits"),
        [(f"{direct:.2%}", f"{right:.2%}", f"{100 * (direct - right):.2f}", f"{split:.2%}")],
    )


def measure_images(
    predictor: Predictor, images: np.ndarray, labels: np.ndarray
) -> tuple[float, float, float]:
    """Right straight into the model, right as PNG files, and read as several digits; parts."""
    direct = (predictor.probabilities(images[..., None]).argmax(axis=1) == labels).mean()
    predictions = [read(predictor, encode_png(image)) for image in images]
    right = np.mean([a == str(label) for a, label in zip(predictions, labels, strict=True)])
    return (
        float(direct),
        float(right),
        float(np.mean([len(prediction) > 1 for prediction in predictions])),
    )


def in_rows(predictor: Predictor, images: np.ndarray, labels: np.ndarray) -> None:
    """Rows of 2 to 5 test digits: MNIST's own squares side by side, and closer together."""
    rows = [
        (name, ROWS, f"{measure_rows(predictor, images, labels, make):.1%}")
        for name, make in ROW_STYLES.items()
    ]
    print_table("Rows of 2 to 5 digits", ("how", "images", "read wholly right"), rows)


def measure_rows(predictor: Predictor, images: np.ndarray, labels: np.ndarray, make) -> float:
    """Part of the rows that is read wholly right."""
    rng = np.random.default_rng(SEED)
    right = []
    for _ in range(ROWS):
        chosen = rng.integers(0, len(images), int(rng.integers(2, 6)))
        image = make(list(images[chosen]), rng)
        truth = "".join(map(str, labels[chosen]))
        right.append(read(predictor, encode_png(image)) == truth)
    return float(np.mean(right))


def from_elsewhere(predictor: Predictor) -> None:
    """scikit-learn's 1,797 digits, which no part of MNIST's model was trained or chosen on."""
    rows = []
    for name, method in (
        ("nearest neighbour", cv2.INTER_NEAREST),
        ("bilinear", cv2.INTER_LINEAR),
        ("bicubic", cv2.INTER_CUBIC),
    ):
        studio, naive = measure_elsewhere(predictor, method)
        rows.append((name, "1,797", f"{studio:.2%}", f"{naive:.2%}"))
    print_table(
        "scikit-learn's digits enlarged from 8×8 to 240×240, dark on white",
        ("enlarged by", "images", "studio", "plain resize and invert"),
        rows,
    )


def measure_elsewhere(predictor: Predictor, method: int) -> tuple[float, float]:
    """Part read rightly by the studio, and after a plain resize; `method` is OpenCV's."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small = 255 - np.round(bunch.images * (255 / 16)).astype(np.uint8)
    enlarged = [cv2.resize(image, (240, 240), interpolation=method) for image in small]
    predictions = [read(predictor, encode_png(one)) for one in enlarged]
    plain = np.stack([resize_and_invert(one) for one in enlarged])
    naive = predictor.probabilities(plain).argmax(axis=1) == bunch.target
    return _fraction_correct(predictions, bunch.target), float(naive.mean())


def measure_condition(
    predictor: Predictor, condition: Condition, images: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    """The same for the first test digits shown under a condition."""
    rng = np.random.default_rng(SEED)
    enlarged = [condition(image, rng) for image in images[:PER_CONDITION]]
    predictions = [read(predictor, encode_png(one)) for one in enlarged]
    plain = np.stack([resize_and_invert(one) for one in enlarged])
    naive = predictor.probabilities(plain).argmax(axis=1) == labels[:PER_CONDITION]
    return _fraction_correct(predictions, labels[:PER_CONDITION]), float(naive.mean())


def _fraction_correct(predictions: list[str], labels: np.ndarray) -> float:
    return float(np.mean([a == str(t) for a, t in zip(predictions, labels, strict=True)]))


def shown_otherwise(predictor: Predictor, images: np.ndarray, labels: np.ndarray) -> None:
    """The same test digits small, huge, thin, thick, light on dark, and photoed."""
    parts = {
        name: measure_condition(predictor, condition, images, labels)
        for name, condition in CONDITIONS.items()
    }
    rows = [(name, PER_CONDITION, f"{a:.1%}", f"{b:.1%}") for name, (a, b) in parts.items()]
    studio, naive = np.mean(list(parts.values()), axis=0)  # every condition has as many images
    rows.append(("all together", len(parts) * PER_CONDITION, f"{studio:.1%}", f"{naive:.1%}"))
    print_table(
        "The first 500 test digits shown in other ways",
        ("condition", "images", "studio", "plain resize and invert"),
        rows,
    )


def conditions() -> None:
    """Validation digits on generated photos, forms and drawings; see `tests/digits/photos.py`."""
    predictor = load_predictor(runs.load(RUN))
    dataset = datasets.load("mnist")
    images, labels = dataset.x_val[..., 0], dataset.y_val
    rows, right, plainly, count = [], 0, 0, 0
    for name, condition in PHOTOS.items():
        studio, naive, digits = measure_photos(predictor, condition, images, labels)
        rows.append((name, digits, f"{studio / digits:.1%}", f"{naive / digits:.1%}"))
        right, plainly, count = right + studio, plainly + naive, count + digits
    rows.append(("all together", count, f"{right / count:.2%}", f"{plainly / count:.2%}"))
    print_table(
        f"MNIST's validation digits on generated images, {PER_PHOTO_CONDITION} digits each",
        ("condition", "digits", "studio", "plain resize and invert"),
        rows,
    )


def measure_photos(
    predictor: Predictor, condition: PhotoCondition, images: np.ndarray, labels: np.ndarray
) -> tuple[int, int, int]:
    """Digits read rightly by the studio and after a plain resize, and how many there were.

    In an image of several digits each one left out, made up or mistaken for another counts as
    wrong. A plain resize reads one digit an image.
    """
    rng = np.random.default_rng(SEED)
    order = np.random.default_rng(1).permutation(len(labels)).tolist()
    right = naive = count = 0
    while count < PER_PHOTO_CONDITION:
        low, high = condition.digits
        chosen = [order.pop() for _ in range(int(rng.integers(low, high + 1)))]
        image = condition.make([images[index] for index in chosen], rng)
        truth = "".join(str(labels[index]) for index in chosen)
        prediction = read(predictor, encode_png(image)).replace(" ", "")
        right += max(0, len(truth) - _edits(prediction, truth))
        plain = resize_and_invert(to_gray(image))[None]
        naive += str(predictor.probabilities(plain).argmax()) == truth
        count += len(truth)
    return right, naive, count


def _edits(text: str, truth: str) -> int:
    """Fewest characters to insert, remove or replace (Levenshtein, 1965)."""
    row = list(range(len(truth) + 1))
    for number, sign in enumerate(text, 1):
        above, row = row, [number]
        for place, wanted in enumerate(truth, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (sign != wanted)))
    return row[-1]


def read(predictor: Predictor, content: bytes) -> str:
    """What is read in an image file; nothing if it is refused."""
    try:
        return predictor.predict(decode(content)).label
    except ImageError:
        return ""


def resize_and_invert(image: np.ndarray) -> np.ndarray:
    """What most digit demos do instead of normalising, uint8 `(28, 28, 1)`."""
    return 255 - cv2.resize(image, (28, 28), interpolation=cv2.INTER_AREA)[..., None]
