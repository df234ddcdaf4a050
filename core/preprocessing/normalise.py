"""The recipe MNIST itself was made with.

LeCun, Bottou, Bengio & Haffner (1998), "Gradient-based learning applied to document recognition",
III.A: "the original black and white images were size normalized to fit in a 20x20 pixel box while
preserving their aspect ratio … the images were centered in a 28x28 image by computing the center
of mass of the pixels, and translating the image so as to position this point at the center".

MNIST's writers all used much the same pen. A hair-thin or a very thick stroke is therefore first
brought into the range of widths that occurs in MNIST.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import ImageError
from core.preprocessing.small import median
from core.preprocessing.step import Step

_WORK = 96  # longest side, in pixels, at which strokes are measured and changed
_MARGIN = 12  # room around it for a stroke to grow into


@dataclass(frozen=True)
class DigitLayout:
    """The geometry of a dataset of digits.

    Attributes:
        side: height and width of the finished image, pixels.
        box_height, box_width: the digit is scaled to fit in this box, pixels.
        by_mass: centre by the centre of mass, else by the middle of the digit.
        usual_strokes: stroke widths left alone, as fractions of the digit's longest side.
        adjusted_strokes: what a thinner or a thicker stroke is brought to.
    """

    side: int
    box_height: int
    box_width: int
    by_mass: bool
    usual_strokes: tuple[float, float]
    adjusted_strokes: tuple[float, float]


# All but 1 in 200 of MNIST's training digits have strokes between the two widths.
MNIST_LAYOUT = DigitLayout(28, 20, 20, True, (0.05, 0.235), (0.09, 0.19))
OPTDIGITS_LAYOUT = DigitLayout(8, 8, 6, False, (0.18, 0.35), (0.22, 0.3))


def normalise_digit(ink: np.ndarray, layout: DigitLayout = MNIST_LAYOUT) -> tuple[Step, ...]:
    """Crop, adjust the stroke, scale and centre one digit.

    Args:
        ink: uint8, shape `(H, W)`; 0 is bare ground, as `find_ink` gives it.
        layout: geometry to bring it to.

    Returns:
        The steps in order; the image of the last one is uint8 of shape `(side, side)`.

    Raises:
        ImageError: if there is no ink.
    """
    crop = crop_to_ink(ink)
    steps = [Step("Cropped", crop, "Everything around the digit is cut away.")]
    adjusted, change = _adjust_stroke(crop, layout)
    if change:
        steps.append(Step("Stroke", adjusted, f"The stroke is made {change}, like MNIST's pens."))
    boxed = _fit_box(adjusted, layout)
    steps.append(
        Step(
            f"Fit in {layout.box_width}×{layout.box_height}",
            boxed,
            f"Scaled, keeping its proportions, so that it just fits in "
            f"{layout.box_width}×{layout.box_height} pixels.",
        )
    )
    where = "centre of mass" if layout.by_mass else "middle"
    steps.append(
        Step(
            "Centred",
            _centre(boxed, layout),
            f"Its {where} is put at the centre of {layout.side}×{layout.side} pixels: "
            "this is what the model sees.",
        )
    )
    return tuple(steps)


def crop_to_ink(ink: np.ndarray) -> np.ndarray:
    """The smallest rectangle that holds all ink, uint8.

    Raises:
        ImageError: if there is no ink.
    """
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0 or height == 0:
        raise ImageError("The image is blank: there is no ink on it.")
    return ink[top : top + height, left : left + width]


def stroke_width(digit: np.ndarray) -> float:
    """Typical width of the stroke, pixels: twice the distance from its middle line to its edge.

    Args:
        digit: uint8, shape `(H, W)`, light ink on 0.
    """
    _, mask = cv2.threshold(digit, 127, 1, cv2.THRESH_BINARY)
    mask = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ridge = distance[(distance >= cv2.dilate(distance, None)) & (mask > 0)]
    return 2 * median(ridge) - 1 if len(ridge) else 0.0


def enlarge(crop: np.ndarray) -> np.ndarray:
    """The digit with its longest side at the size strokes are measured at, full ink at 255."""
    factor = _WORK / max(crop.shape)
    size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return _full_contrast(cv2.resize(crop, size, interpolation=method))


def _adjust_stroke(crop: np.ndarray, layout: DigitLayout) -> tuple[np.ndarray, str]:
    large = enlarge(crop)
    width = stroke_width(large)
    low, high = (part * _WORK for part in layout.usual_strokes)
    if low <= width <= high:
        return crop, ""
    grow = width < low
    wanted = layout.adjusted_strokes[0 if grow else 1] * _WORK
    reach = max(1, round(abs(wanted - width) / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    padded = cv2.copyMakeBorder(large, *[_MARGIN] * 4, cv2.BORDER_CONSTANT)
    changed = (cv2.dilate if grow else cv2.erode)(padded, kernel)
    if changed.max() < 128:
        return crop, ""
    return crop_to_ink(changed), "thicker" if grow else "thinner"


def _fit_box(crop: np.ndarray, layout: DigitLayout) -> np.ndarray:
    height, width = crop.shape
    factor = min(layout.box_height / height, layout.box_width / width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return _full_contrast(cv2.resize(crop, size, interpolation=method))


def _full_contrast(image: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(image, alpha=255 / max(1, int(image.max())))


def _centre(boxed: np.ndarray, layout: DigitLayout) -> np.ndarray:
    height, width = boxed.shape
    if layout.by_mass:
        moments = cv2.moments(boxed)
        across, down = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    else:
        across, down = width / 2, height / 2
    left = min(max(round(layout.side / 2 - across), 0), layout.side - width)
    top = min(max(round(layout.side / 2 - down), 0), layout.side - height)
    centred = np.zeros((layout.side, layout.side), np.uint8)
    centred[top : top + height, left : left + width] = boxed
    return centred
