"""OpenCV operations: image in, image out, each described, bounded and written as code.

steps = (Step("canny", {"low": 30}), Step("invert"))
*_, result = run(image, steps)
"""

from core.opencv_ops.operation import FILLS, GROUPS, Operation, border
from core.opencv_ops.pipeline import (
    MOST_PIXELS,
    MOST_STEPS,
    OPERATIONS,
    Step,
    apply,
    as_code,
    from_text,
    run,
    to_text,
)

__all__ = [
    "FILLS",
    "GROUPS",
    "MOST_PIXELS",
    "MOST_STEPS",
    "OPERATIONS",
    "Operation",
    "Step",
    "apply",
    "as_code",
    "border",
    "from_text",
    "run",
    "to_text",
]
