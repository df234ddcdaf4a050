"""Versions of the packages that models are made with, for their cards."""

from importlib.metadata import PackageNotFoundError, version

_PACKAGES = {
    "network": ("tensorflow", "keras", "ai-edge-litert", "numpy", "opencv-python-headless"),
    "classical": (
        "scikit-learn",
        "scikit-image",
        "skops",
        "skl2onnx",
        "onnxruntime",
        "numpy",
    ),
}


def package_versions(family: str) -> dict[str, str]:
    """The versions of the packages that a model of that family is made with."""
    return {package: _version(package) for package in _PACKAGES[family]}


def _version(package: str) -> str:
    """The installed version; `tensorflow-cpu` counts as TensorFlow."""
    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")
