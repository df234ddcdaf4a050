"""Names of the runs that are bundled."""

TRAINED_HERE = (
    "mnist-cnn",
    "mnist-logistic-regression",
    "mnist-random-forest",
    "mnist-svm",
    "digits-random-forest",
    "cifar10-efficientnet-lite0",
)
PRETRAINED = ("imagenet-efficientnet-lite0",)  # as others have trained it, not measured here
BUNDLED = (*TRAINED_HERE, *PRETRAINED)
