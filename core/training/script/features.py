"""The section of a script that asks a pretrained network what it finds in images."""

from core.models.transfer import Backbone
from core.script import Script


def add_found_in(script: Script, network: str, backbone: Backbone) -> None:
    """Add the function `found_in`, which does what `core.training.features` does.

    Args:
        script: that it is for.
        network: the variable with the network up to its features.
        backbone: what the network is.
    """
    script.uses("import numpy as np")
    script.add(
        "def found_in(images):",
        f'    """What {backbone.title} finds: a row of {backbone.features} numbers for each '
        'image."""',
        f'    found = np.empty((len(images), {backbone.features}), "float16")  '
        "# rounded, as the studio keeps them",
        "    for start in range(0, len(images), 64):",
        f"        found[start : start + 64] = {network}.predict_on_batch("
        "images[start : start + 64])",
        '    return found.astype("float32")',
    )
