"""Two images become one, and so do their labels: MixUp and CutMix."""

import numpy as np


def mix(
    images: np.ndarray,
    targets: np.ndarray,
    mixup: float,
    cutmix: float,
    seed: int | np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Mix every image of a batch with another one of it; if both are on, one is drawn by lot.

    H. Zhang, M. Cisse, Y. Dauphin & D. Lopez-Paz (2018), "mixup: beyond empirical risk
    minimization"; S. Yun et al. (2019), "CutMix".

    Args:
        images: uint8, shape `(N, H, W, C)`.
        targets: float, shape `(N, K)`: the part that each class has in an image.
        mixup, cutmix: parameter of the Beta distribution that the parts are drawn from; 0 is off.
        seed: a seed or a NumPy generator.

    Returns:
        Mixed images, uint8 `(N, H, W, C)`, and targets, float32 `(N, K)`.
    """
    rng = np.random.default_rng(seed)
    if not mixup and not cutmix:
        return images, targets.astype(np.float32)
    cuts = bool(cutmix) and (not mixup or rng.random() < 0.5)
    part = rng.beta(*[cutmix if cuts else mixup] * 2)
    others = rng.permutation(len(images))
    if cuts:
        mixed, part = _paste(images, images[others], part, rng)
    else:
        blend = part * images.astype(np.float32) + (1 - part) * images[others]
        mixed = np.rint(blend).astype(np.uint8)
    return mixed, (part * targets + (1 - part) * targets[others]).astype(np.float32)


def _paste(
    images: np.ndarray, others: np.ndarray, part: float, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """A rectangle of the others on the images, and the fraction of the images that stays."""
    height, width = images.shape[1:3]
    side = np.sqrt(1 - part)
    middle_row, middle_column = rng.integers(height), rng.integers(width)
    top, bottom = np.clip(middle_row + np.array([-1, 1]) * height * side / 2, 0, height).astype(int)
    left, right = np.clip(middle_column + np.array([-1, 1]) * width * side / 2, 0, width).astype(
        int
    )
    mixed = images.copy()
    mixed[:, top:bottom, left:right] = others[:, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (height * width)
