"""Filters: neighbourhoods decide what a pixel becomes."""

import cv2
import numpy as np

from core.opencv_ops.operation import Operation, kernel, to_gray
from core.param import Param

_MORPHOLOGY = {
    "erode": "MORPH_ERODE",
    "dilate": "MORPH_DILATE",
    "open": "MORPH_OPEN",
    "close": "MORPH_CLOSE",
    "gradient": "MORPH_GRADIENT",
}
_SHAPES = {"rectangle": "MORPH_RECT", "ellipse": "MORPH_ELLIPSE", "cross": "MORPH_CROSS"}


def gaussian_blur(image, sigma):
    return cv2.GaussianBlur(image, (0, 0), sigma)


def median_blur(image, radius):
    return cv2.medianBlur(image, 2 * radius + 1)


def bilateral(image, diameter, sigma_colour, sigma_space):
    return cv2.bilateralFilter(image, diameter, sigma_colour, sigma_space)


def morphology(image, operation, shape, radius, iterations):
    operations = {
        "erode": cv2.MORPH_ERODE,
        "dilate": cv2.MORPH_DILATE,
        "open": cv2.MORPH_OPEN,
        "close": cv2.MORPH_CLOSE,
        "gradient": cv2.MORPH_GRADIENT,
    }
    element = kernel(shape, radius)
    return cv2.morphologyEx(image, operations[operation], element, iterations=iterations)


def equalize(image):
    if image.ndim == 2:
        return cv2.equalizeHist(image)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.equalizeHist(np.ascontiguousarray(lab[..., 0]))
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def clahe(image, clip, tiles):
    equaliser = cv2.createCLAHE(clipLimit=clip, tileGridSize=(tiles, tiles))
    if image.ndim == 2:
        return equaliser.apply(image)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = equaliser.apply(np.ascontiguousarray(lab[..., 0]))
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def contours(image, dark, least_area, thickness):
    gray = to_gray(image)
    kind = cv2.THRESH_BINARY_INV if dark else cv2.THRESH_BINARY
    mask = cv2.threshold(gray, 0, 255, kind | cv2.THRESH_OTSU)[1]
    found = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    found = [one for one in found if cv2.contourArea(one) >= least_area]
    drawn = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return cv2.drawContours(drawn, found, -1, (230, 80, 0), thickness)


def _contour_note(image, values) -> str:
    """How many there are, and how large."""
    kind = cv2.THRESH_BINARY_INV if values["dark"] else cv2.THRESH_BINARY
    mask = cv2.threshold(to_gray(image), 0, 255, kind | cv2.THRESH_OTSU)[1]
    found = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    areas = sorted((cv2.contourArea(one) for one in found), reverse=True)
    areas = [area for area in areas if area >= values["least_area"]]
    if not areas:
        return "No contour of that size was found."
    listed = ", ".join(f"{area:,.0f}" for area in areas[:5]) + (
        ", and so on" if len(areas) > 5 else ""
    )
    many = "1 contour" if len(areas) == 1 else f"{len(areas):,} contours"
    return f"{many}; areas in pixels, largest first: {listed}."


def _contours_call(values) -> str:
    kind = "cv2.THRESH_BINARY_INV" if values["dark"] else "cv2.THRESH_BINARY"
    return (
        f"mask = cv2.threshold(gray, 0, 255, {kind} | cv2.THRESH_OTSU)[1]; "
        "found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE); "
        f"found = [one for one in found if cv2.contourArea(one) >= {values['least_area']}]; "
        f"cv2.drawContours(drawn, found, -1, (230, 80, 0), {values['thickness']})"
    )


def _morphology_call(values) -> str:
    size = 2 * values["radius"] + 1
    element = f"cv2.getStructuringElement(cv2.{_SHAPES[values['shape']]}, ({size}, {size}))"
    operation = _MORPHOLOGY[values["operation"]]
    return f"cv2.morphologyEx(image, cv2.{operation}, {element}, iterations={values['iterations']})"


OPERATIONS = (
    Operation(
        "gaussian_blur",
        "Gaussian blur",
        "Smooth and shape",
        "Averages every pixel with its neighbours, near ones most. Use it against fine noise, or "
        "before edge detection.",
        gaussian_blur,
        (Param("sigma", "Sigma", 2.0, "Standard deviation in pixels.", 0.1, 20.0),),
        "cv2.GaussianBlur(image, (0, 0), {sigma})".format_map,
    ),
    Operation(
        "median_blur",
        "Median blur",
        "Smooth and shape",
        "Replaces every pixel by the median of its neighbourhood. Use it against salt-and-pepper "
        "noise; edges stay sharp.",
        median_blur,
        (Param("radius", "Radius", 2, "In pixels.", 1, 15),),
        lambda values: f"cv2.medianBlur(image, {2 * values['radius'] + 1})",
    ),
    Operation(
        "bilateral",
        "Bilateral filter",
        "Smooth and shape",
        "Averages only neighbours of similar brightness: surfaces become smooth, edges stay sharp. "
        "Slow on large images.",
        bilateral,
        (
            Param("diameter", "Diameter", 9, "Of the neighbourhood, in pixels.", 1, 15),
            Param(
                "sigma_colour",
                "Sigma of colour",
                50.0,
                "How much averaged pixels may differ.",
                1,
                200,
            ),
            Param("sigma_space", "Sigma of space", 50.0, "How far away may it be?", 1, 200),
        ),
        "cv2.bilateralFilter(image, {diameter}, {sigma_colour}, {sigma_space})".format_map,
    ),
    Operation(
        "morphology",
        "Morphology",
        "Smooth and shape",
        "Shapes bright areas: erode makes them smaller, dilate larger; open removes specks, close "
        "fills holes; gradient leaves the outline.",
        morphology,
        (
            Param(
                "operation",
                "Operation",
                "open",
                "Works on bright areas. For dark ink on white paper, choose the opposite.",
                choices=tuple(_MORPHOLOGY),
            ),
            Param(
                "shape",
                "Kernel",
                "ellipse",
                "Shape of the neighbourhood.",
                choices=tuple(_SHAPES),
            ),
            Param("radius", "Radius", 1, "Of the kernel, in pixels.", 1, 20),
            Param("iterations", "How often", 1, "It is repeated so often.", 1, 10),
        ),
        _morphology_call,
    ),
    Operation(
        "equalize",
        "Histogram equalisation",
        "Smooth and shape",
        "Spreads the brightness evenly from black to white. Use it on flat images; colours keep "
        "their hue.",
        equalize,
        (),
        lambda values: "cv2.equalizeHist(lightness)",
    ),
    Operation(
        "clahe",
        "CLAHE",
        "Smooth and shape",
        "Equalises tile by tile and limits noise (contrast limited adaptive histogram "
        "equalisation). Use it when some areas lie in shadow.",
        clahe,
        (
            Param("clip", "Clip limit", 2.0, "The higher, the more contrast.", 0.5, 40.0),
            Param("tiles", "Tiles", 8, "The image is cut into so many, each way.", 1, 32),
        ),
        (
            "cv2.createCLAHE(clipLimit={clip}, tileGridSize=({tiles}, {tiles})).apply(lightness)"
        ).format_map,
    ),
    Operation(
        "contours",
        "Contours",
        "Smooth and shape",
        "Binarises the image with Otsu's threshold and draws the outline of every object, with "
        "their number and areas. Use it to count and measure objects.",
        contours,
        (
            Param("dark", "Dark things", True, "Dark pieces on a bright ground, or the reverse."),
            Param("least_area", "Smallest area", 10, "In pixels.", 0, 100_000),
            Param("thickness", "Line", 2, "Width of the outline in pixels.", 1, 10),
        ),
        _contours_call,
        _contour_note,
    ),
)
