"""The card of a run: all that is known of it, apart from its arrays."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen

from core import stored
from core.errors import StoredError
from core.evaluation import VOTES
from core.runs.distribution import OutOfDistribution
from core.runs.foreign import FOREIGN, Foreign
from core.runs.formats import CARDS
from core.runs.published import Published
from core.stored import Fraction, Name, Number, Seconds, Seed, Setting, Text

FORMAT_VERSION = stored.current_version(CARDS)
AXES = ("epoch", "iteration", "trees", "rounds", "images")
FAMILIES = ("network", "classical", "ensemble", FOREIGN)
# cards written earlier lack them
_LATER = ("test_fingerprint", "cost", "members", "title", "ended_early", "served", "foreign")
_LATER += ("published", "out_of_distribution")
_FRACTIONS = ("accuracy", "precision", "recall", "f1")
Side = Annotated[int, Ge(1), Le(10_000)]


@dataclass(frozen=True)
class RunCard:
    """Everything about a run that is not an array.

    Attributes:
        id: name of the run and of its folder.
        owner: `studio` for runs that came with it, else `you`, or a visitor of a public demo.
        dataset, dataset_fingerprint: what it was trained on.
        class_names: output `i` of the model means `class_names[i]`.
        input_shape: height, width, channels of an image.
        preprocessing: recipe in `core.preprocessing` for any other image.
        model, family, hyperparameters: what was trained.
        history: the training curve, one dict of metrics per point; what it is drawn over is one
            of `AXES`.
        metrics: `accuracy` (0-1), `log_loss`, `precision`, `recall` and `f1` (means over the
            classes) on the test set, `val_…` on validation, `test_size`, `val_size`, `train_size`
            (images; `val_size` is missing in older cards). Empty for a model that was not evaluated
            here: imported and not evaluated yet, or with a `published` figure instead.
        seconds: how long the training took.
        seed, validation_fraction, versions, created: what is needed to do it again.
        files: SHA-256 of every other file of the run.
        test_fingerprint: the same for runs whose metrics can be compared: those measured on the
            same test images; empty in a card that does not know.
        cost: what `core.cost.measure` found; with `training_memory_bytes`, the most the process
            that trained it held, how fast the machine was (`gigaflops`) and how long it took beside
            learning (`around_seconds`). Empty if it was never measured.
        members: of an ensemble, each with its `id`, the `sha256` of its model and its `weight`.
        title: what people call it; empty if that is its id.
        ended_early: whether somebody ended the training before it was over.
        served: of a classical model, the `file` that serves and what `core.conversion` found: on
            how many `images` it was compared with the original, and the `largest_difference` of a
            probability; or why the conversion was `refused`. Empty in older cards, and of networks.
        foreign: of an imported model, where it comes from and how it is spoken to; else None.
        published: of a model that came with its weights and was neither trained nor measured here,
            what others have measured; else None.
        out_of_distribution: how well it notices images unlike those of its training, from the
            `references` beside it; None if it has none.
        format_version: version of this layout.
    """

    id: Name
    owner: Name
    dataset: Name
    dataset_fingerprint: Name
    class_names: Annotated[tuple[Name, ...], MinLen(1)]
    input_shape: tuple[Side, Side, Literal[1, 3]]
    preprocessing: Name
    model: Name
    family: Name
    hyperparameters: dict[Name, Setting]
    history: tuple[dict[Name, Number], ...]
    metrics: dict[Name, Number]
    seconds: Seconds
    seed: Seed
    validation_fraction: Fraction
    versions: dict[Name, Text]
    created: Name
    files: dict[Name, Text] = field(default_factory=dict)
    test_fingerprint: Text = ""
    cost: dict[Name, Number | Text | None] = field(default_factory=dict)
    members: tuple[dict[str, Any], ...] = ()
    title: Text = ""
    ended_early: bool = False
    served: dict[Name, Number | Text] = field(default_factory=dict)
    foreign: Foreign | None = None
    published: Published | None = None
    out_of_distribution: OutOfDistribution | None = None
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.title == self.id:  # then it is none, and does not stay behind in a copy
            object.__setattr__(self, "title", "")

    @property
    def axis(self) -> str:
        """What its training curve is drawn over, one of `AXES`."""
        first = self.history[0] if self.history else {}
        return next((axis for axis in AXES if axis in first), AXES[0])

    @property
    def accuracy(self) -> float | None:
        """On the test set, 0 to 1; None for a model that was not evaluated here."""
        return self.metrics.get("accuracy")

    @property
    def why_unmeasured(self) -> str:
        """Why there are no metrics of ours, a sentence or two; empty if there are."""
        if self.metrics:
            return ""
        if self.published is None:
            return "It was imported and has not been evaluated yet."
        return (
            "It was not measured here: the images that it was trained and tested on are not part "
            f"of the studio. {self.published.sentence}"
        )

    @property
    def how_to_measure(self) -> str:
        """What gives a run without metrics some, a sentence."""
        if self.published is None:
            return "Evaluate it on a dataset with its classes first."
        return (
            f"Evaluate it on your own labelled images: python -m core evaluate --run {self.id} "
            "--images FOLDER."
        )

    @property
    def fit(self) -> str:
        """How an image is brought to its size, unless somebody says otherwise."""
        return self.foreign.fit if self.foreign else "crop"

    @property
    def test_set(self) -> str:
        """The same for runs that were measured on the same images."""
        return self.test_fingerprint or f"{self.dataset} {self.dataset_fingerprint}"

    def to_json(self) -> str:
        return stored.as_json(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunCard":
        """Read a card, also one that an earlier version wrote.

        Raises:
            StoredError: if it is not JSON, of a newer format, or a field is missing or cannot be
                what a training has written.
        """
        content = stored.bring_up(stored.parse_json(text), CARDS)
        if missing := {f.name for f in fields(cls)} - content.keys() - set(_LATER):
            raise StoredError(f"it lacks {', '.join(sorted(missing))}")
        card = stored.check(content, cls)
        if card.family not in FAMILIES:
            raise StoredError(f"its family must be {' or '.join(FAMILIES)}, not {card.family!r}")
        if len(set(card.class_names)) < len(card.class_names):
            raise StoredError("two of its classes have one name")
        _check_foreign(card)
        if card.metrics or (card.foreign is None and card.published is None):
            _check_metrics(card.metrics)
        _check_history(card)
        _check_files(card)
        _check_members(card)
        return card


def _check_metrics(metrics: dict[str, float]) -> None:
    if not all(name in metrics for name in ("accuracy", "test_size")):
        raise StoredError("its metrics lack a number for accuracy or test_size")
    for name, value in metrics.items():
        if name.removeprefix("val_") in _FRACTIONS and not 0 <= value <= 1:
            raise StoredError(f"its metric {name} must be 0 to 1. Received: {value}")
        if name.endswith("_size") and not (isinstance(value, int) and value >= 0):
            raise StoredError(f"its metric {name} must count images. Received: {value}")
    if metrics["test_size"] == 0:
        raise StoredError("it was evaluated on no test images")


def _check_history(card: RunCard) -> None:
    """Raise `StoredError` unless its training curve can be drawn."""
    for point in card.history:
        if lacking := {card.axis, "accuracy", "val_accuracy"} - point.keys():
            raise StoredError(f"a point of its history lacks {', '.join(sorted(lacking))}")
        if not all(0 <= point[name] <= 1 for name in ("accuracy", "val_accuracy")):
            raise StoredError("the accuracies of its history must be 0 to 1")


def _check_files(card: RunCard) -> None:
    """Raise `StoredError` unless names and times are what they should be."""
    if any("/" in name or name.startswith(".") for name in card.files):
        raise StoredError("one of its files is outside the folder")
    if card.served and card.served.get("file") not in card.files:
        raise StoredError("the file that serves must be one of its files")
    if not isinstance(card.cost.get("machine", ""), str):
        raise StoredError("what describes the machine must be a text")
    for name, value in card.cost.items():
        if name != "machine" and (isinstance(value, str) or (value or 0) < 0):
            raise StoredError(f"its cost {name} must be a number of at least 0. Received: {value}")
    try:
        datetime.fromisoformat(card.created)
    except ValueError as error:
        raise StoredError(
            f"created must be a time in ISO 8601. Received: {card.created}"
        ) from error


def _check_foreign(card: RunCard) -> None:
    """Raise `StoredError` unless it says how an imported model is served."""
    if card.family != FOREIGN:
        return
    if card.foreign is None or "file" not in card.served:
        raise StoredError("it does not say where the model comes from, or which file serves")
    outputs = card.foreign.outputs
    if outputs and sorted(outputs) != list(range(len(card.class_names))):
        raise StoredError("its outputs must name each class once")


def _check_members(card: RunCard) -> None:
    """Raise `StoredError` unless an ensemble can predict with its members."""
    if not all({"id", "sha256", "weight"} <= member.keys() for member in card.members):
        raise StoredError("a member lacks its id, sha256 or weight")
    if bool(card.members) != (card.family == "ensemble"):
        raise StoredError("an ensemble needs members, and nothing else has any")
    if not card.members:
        return
    if not all(isinstance(m[name], str) for m in card.members for name in ("id", "sha256")):
        raise StoredError("the id and the sha256 of a member must be texts")
    if len({member["id"] for member in card.members}) < len(card.members):
        raise StoredError("a run is a member twice")
    weights = [member["weight"] for member in card.members]
    if not all(type(w) in (int, float) and 0 <= w <= 1 for w in weights) or max(weights) == 0:
        raise StoredError("the weights of its members must be 0 to 1, one of them above 0")
    if card.hyperparameters.get("vote") not in VOTES:
        raise StoredError(f"its vote must be {' or '.join(VOTES)}")
