"""Re-train every bundled run: `make models`, or

    python -m core.training.bundled [ONE OF THESE] [ID]…

With `--costs` nothing is trained: the cost of predictions is measured anew, on this machine. With
`--convert` the file that serves a classical model is written again, and its cost measured. With
`--samples` the images that exports are proven with are chosen again. With `--references` the
training images that a run keeps are chosen again, and how well it notices other images is measured.
With `--shapes` what digits look like is learned again from MNIST's training digits: the file by
which `core.preprocessing` chooses between several ways to find the ink. With `--touching` the
network learns again that says where digits that touch are parted, from the same digits; this takes
half an hour.

Settings, epochs and seeds of the digit models were fixed on MNIST's validation digits, plain and
distorted. What others have trained (`pretrained.py`) is made of their weights. CIFAR-10 is not
bundled: its run is trained again only where
`STUDIO_DATA_DIR` holds `cifar10-jpeg.zip`, with the images in train/<class>/… and
test/<class>/…, or where that was imported. If that training is interrupted, the next one goes on
with it.
"""

import shutil
import sys
from dataclasses import asdict, replace

import numpy as np

from core import datasets, runs, serving, settings
from core.errors import ConversionError, DatasetError, unknown
from core.models.presets import CNN_PRESETS, STUDIOS_OWN
from core.preprocessing.shapes import fit_shapes, save_shapes
from core.progress import Reporter
from core.training import pretrained
from core.training.config import TrainConfig
from core.training.parameters import load_original
from core.training.references import write_references
from core.training.touching import learn_touching
from core.training.train import convert, evaluate_served, measure, samples_of, train

# Of 60 to 150 components and cells of 3 and 4 pixels, these were best on the validation digits.
SVM_SETTINGS = {
    "features": "hog_pca",
    "hog_orientations": 8,
    "hog_cells": 9,
    "pca_components": 150,
    "C": 10.0,
    "max_images": 0,
}
CONFIGS = {
    config.name: config
    for config in (
        TrainConfig("digits", "random_forest", name="digits-random-forest"),
        TrainConfig("mnist", "logistic_regression", name="mnist-logistic-regression"),
        TrainConfig("mnist", "random_forest", name="mnist-random-forest"),
        TrainConfig("mnist", "rbf_svm", SVM_SETTINGS, name="mnist-svm"),
        TrainConfig("mnist", "simple_cnn", CNN_PRESETS[STUDIOS_OWN].values, name="mnist-cnn"),
    )
}
CIFAR, CIFAR_TITLE = "cifar10-jpeg", "CIFAR-10 (JPEG)"
CIFAR_RUN = "cifar10-efficientnet-lite0"
CIFAR_SETTINGS = {
    "input_size": 96,
    "dense_units": 0,
    "dropout": 0.2,
    "epochs": 3,
    "batch_size": 128,
    "fine_tune_epochs": 6,
    "fine_tune_layers": 1000,
    "fine_tune_rate": 0.0005,
    "label_smoothing": 0.1,
}
NAMES = (*CONFIGS, CIFAR_RUN, *pretrained.RUNS)
_LARGEST_DIFFERENCE = 1e-5  # of a probability, between what was stored and what serves now


def config_of(name: str) -> TrainConfig:
    """The training of a bundled run; CIFAR-10 is imported if it is there and was not yet.

    Raises:
        DatasetError: if its images are not on this machine.
    """
    if name in CONFIGS:
        return CONFIGS[name]
    path = settings.current().data_dir / f"{CIFAR}.zip"
    if CIFAR not in {spec.name for spec in datasets.list_datasets()} and path.exists():
        datasets.import_images(path, CIFAR, title=CIFAR_TITLE)
    return TrainConfig(CIFAR, "efficientnet_lite0", CIFAR_SETTINGS, name=name)


def main(names: list[str]) -> int:
    """Train the named bundled runs, or all; each replaces the one that is there."""
    if names in (["--shapes"], ["--touching"]):
        (learn_shapes if names == ["--shapes"] else learn_touching)()
        return 0
    again = next((_AGAIN[name] for name in names if name in _AGAIN), None)
    names = [name for name in names if name not in _AGAIN]
    if settings.current().runs_dir != settings.current().bundled_runs_dir:
        sys.stderr.write("error: unset STUDIO_RUNS_DIR, bundled runs belong in saved_models/.\n")
        return 2
    for name in names:
        if name not in NAMES:
            sys.stderr.write(f"error: {unknown('bundled run', name, NAMES)}\n")
            return 2
    if again:
        for name in names or NAMES:
            again(name)
        return 0
    for name in names or NAMES:
        try:
            config = None if name in pretrained.RUNS else config_of(name)
        except DatasetError as error:
            if name in names:
                sys.stderr.write(f"error: {error}\n")
                return 2
            sys.stdout.write(f"{name}: stays as it is, since its images are not here. {error}\n")
            continue
        card = _made_anew(name, config)
        told = card.why_unmeasured or (
            f"{card.metrics['accuracy']:.2%} on {card.metrics['test_size']:,} test "
            f"images, {card.metrics['val_accuracy']:.2%} on validation, {card.seconds:.0f} s"
        )
        sys.stdout.write(f"{name}: {told}\n")
        sys.stdout.flush()
    return 0


def _made_anew(name: str, config: TrainConfig | None) -> runs.RunCard:
    """Train a run, or make it of the weights of others (None); it replaces the one that is there,
    which comes back if that fails."""
    old = settings.current().bundled_runs_dir / name
    aside = old.with_name(f".{name}-before")
    if old.exists():
        old.rename(aside)
    kept = settings.current().work_dir / "bundled" / name
    try:
        card = train(config, checkpoints=kept).card if config else pretrained.make(name)
    except BaseException:
        if aside.exists():
            aside.rename(old)
        raise
    shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(kept, ignore_errors=True)
    return card


def learn_shapes() -> None:
    """Write `core/preprocessing/digit_shapes.npz` again."""
    dataset = datasets.load("mnist")
    save_shapes(fit_shapes(dataset.x_train[..., 0], dataset.y_train))
    sys.stdout.write(f"digit shapes: fitted to {len(dataset.y_train):,} training digits\n")


def measure_again(name: str) -> None:
    """Measure the cost of predictions of a bundled run, and store it in its card."""
    run = runs.load(name)
    card = run.card
    found = measure(serving.model_path(run), card.family, card.input_shape)
    runs.rewrite_card(run, replace(card, cost={**card.cost, **found}))
    sys.stdout.write(f"{name}: {found['latency_seconds'] * 1000:.2f} ms an image\n")


def convert_again(name: str) -> None:
    """Write the file that serves a bundled run again; networks stay as they are.

    Raises:
        ConversionError: if it does not predict what the run has stored.
    """
    run = runs.load(name)
    card = run.card
    if card.family != "classical":
        return
    config = config_of(name)
    dataset = datasets.load(config.dataset, config.validation_fraction, side=config.side)
    served = convert(load_original(run.folder), run.folder, card.model, dataset)
    measured = evaluate_served(run.folder / served["file"], card.family, dataset, Reporter())
    for split, found in zip(("val", "test"), measured, strict=True):
        largest = np.abs(run.evaluation(split).probabilities - found.probabilities).max()
        if largest > _LARGEST_DIFFERENCE:
            raise ConversionError(
                f"The run {name!r} must predict what it has stored. Received: a probability that "
                f"differs by {largest:.1e}."
            )
    _store_card(run, replace(card, served=served))
    measure_again(name)


def sample_again(name: str) -> None:
    """Choose the images that exports of a bundled run are proven with again.

    It is left alone if its dataset is not here, or is not the one that it was trained on.
    """
    run = runs.load(name)
    dataset = _dataset_of(run)
    if dataset is None:
        return
    path = runs.write_samples(samples_of(dataset), run.folder)
    _store_card(run, run.card)
    sys.stdout.write(f"{name}: {path.stat().st_size:,} bytes of images\n")


def refer_again(name: str) -> None:
    """Choose the training images that a bundled run keeps again, and measure what it notices.

    It is left alone if its dataset is not here, or is not the one that it was trained on.
    """
    run = runs.load(name)
    dataset = _dataset_of(run)
    if dataset is None:
        return
    model, family, test = serving.model_path(run), run.card.family, run.evaluation("test")
    noticed = write_references(model, family, dataset, test, Reporter())
    _store_card(run, replace(run.card, out_of_distribution=noticed))
    told = "" if noticed is None else f": {asdict(noticed)}"
    sys.stdout.write(f"{name}: references{told}\n")


def _dataset_of(run: runs.Run) -> datasets.Dataset | None:
    """What a bundled run was trained on; None, which is said, if that is not here."""
    if run.id in pretrained.RUNS:
        sys.stdout.write(f"{run.id}: stays as it is, since it was trained by others.\n")
        return None
    try:
        config = config_of(run.id)
        dataset = datasets.load(config.dataset, config.validation_fraction, side=config.side)
        if dataset.fingerprint() != run.card.dataset_fingerprint:
            raise DatasetError(f"{dataset.name} differs from what it was trained on.")
    except DatasetError as error:
        sys.stdout.write(f"{run.id}: stays as it is. {error}\n")
        return None
    return dataset


def _store_card(run: runs.Run, card: runs.RunCard) -> None:
    """Put a card in the place of a run's, with the digests of the files as they are now."""
    files = {path.name: runs.sha256(path) for path in sorted(run.folder.iterdir())}
    del files[runs.CARD]
    runs.rewrite_card(run, replace(card, files=files))


_AGAIN = {
    "--costs": measure_again,
    "--convert": convert_again,
    "--samples": sample_again,
    "--references": refer_again,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
