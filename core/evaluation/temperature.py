"""One number that makes confidence honest."""

import numpy as np

_LOWEST, _HIGHEST = 0.5, 20.0  # every validation image correct does not mean certainty
_LEAST = 1e-12


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of the log probabilities that calibrates confidence.

    C. Guo, G. Pleiss, Y. Sun & K. Weinberger (2017), "On calibration of modern neural networks".
    Above 1, the model was overconfident. Predicted classes stay the same.

    Args:
        probabilities: float, shape `(N, K)`.
        labels: the true classes, int, shape `(N,)`.

    Returns:
        The temperature with the smallest log loss, from 0.5 to 20.
    """
    from scipy.optimize import minimize_scalar

    logits = np.log(np.clip(probabilities.astype(np.float64), _LEAST, 1))
    rows = np.arange(len(labels))

    def log_loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]).mean())

    limits = np.log([_LOWEST, _HIGHEST])
    return float(np.exp(minimize_scalar(log_loss, bounds=limits, method="bounded").x))
