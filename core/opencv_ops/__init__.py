"""OpenCV operations: picture in, picture out, each described, bounded and written as code.

steps = (Step("canny", {"low": 30}), Step("invert"))
*_, result = run(image, steps)
"""

from core.opencv_ops.operation import GROUPS, Operation
from core.opencv_ops.pipeline import (
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
    "GROUPS",
    "MOST_STEPS",
    "OPERATIONS",
    "Operation",
    "Step",
    "apply",
    "as_code",
    "from_text",
    "run",
    "to_text",
]
