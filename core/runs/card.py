"""What is known of a finished training, apart from its arrays."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from core.evaluation import VOTES

FORMAT_VERSION = 1
AXES = ("epoch", "iteration", "trees", "rounds", "pictures")
FAMILIES = ("network", "classical", "ensemble")
_LATER = ("test_fingerprint", "cost", "members")  # cards written earlier lack them


@dataclass(frozen=True)
class RunCard:
    """Everything about a run that is not an array.

    Attributes:
        id: name of the run and of its folder.
        owner: `studio` for runs that came with it, else `you`, or a visitor of a public demo.
        dataset, dataset_fingerprint: what it was trained on.
        class_names: output `i` of the model means `class_names[i]`.
        input_shape: height, width, channels of a picture.
        preprocessing: recipe in `core.preprocessing` for any other picture.
        model, family, hyperparameters: what was trained.
        history: the learning curve, one dict of figures per point; what it is drawn over is one
            of `AXES`.
        metrics: `accuracy` (0-1), `log_loss`, `precision`, `recall` and `f1` (means over the
            classes) on the test set, `val_…` on validation, `test_size`, `train_size`.
        seconds: how long the training took.
        seed, validation_fraction, versions, created: what is needed to do it again.
        files: SHA-256 of every other file of the run.
        test_fingerprint: the same for runs whose figures can be compared: those measured on the
            same test pictures; empty in a card that does not know.
        cost: what `core.cost.measure` found; with `training_memory_bytes`, the most the process
            that trained it held. Empty if it was never measured.
        members: of an ensemble, each with its `id`, the `sha256` of its model and its `weight`.
        format_version: version of this layout.
    """

    id: str
    owner: str
    dataset: str
    dataset_fingerprint: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    preprocessing: str
    model: str
    family: str
    hyperparameters: dict[str, Any]
    history: tuple[dict[str, float], ...]
    metrics: dict[str, float]
    seconds: float
    seed: int
    validation_fraction: float
    versions: dict[str, str]
    created: str
    files: dict[str, str] = field(default_factory=dict)
    test_fingerprint: str = ""
    cost: dict[str, Any] = field(default_factory=dict)
    members: tuple[dict[str, Any], ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def axis(self) -> str:
        """What its learning curve is drawn over, one of `AXES`."""
        first = self.history[0] if self.history else {}
        return next((axis for axis in AXES if axis in first), AXES[0])

    @property
    def test_set(self) -> str:
        """The same for runs that were measured on the same pictures."""
        return self.test_fingerprint or f"{self.dataset} {self.dataset_fingerprint}"

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunCard":
        """Read a card.

        Raises:
            ValueError: if it is not JSON, of a newer format, or a field is missing.
        """
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
            raise ValueError(f"its format version is not {FORMAT_VERSION}")
        known = {f.name for f in fields(cls)}
        if missing := known - content.keys() - set(_LATER):
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        content = {name: content[name] for name in known & content.keys()}
        for name in ("class_names", "input_shape", "history", "members"):
            content[name] = tuple(content.get(name, ()))
        card = cls(**content)
        maps = (card.metrics, card.files, card.hyperparameters, card.cost, *card.members)
        if not all(isinstance(entry, dict) for entry in maps):
            raise ValueError("its metrics, files and hyperparameters must map names to values")
        if not all(isinstance(card.metrics.get(n), int | float) for n in ("accuracy", "test_size")):
            raise ValueError("its metrics lack a number for accuracy or test_size")
        if card.family not in FAMILIES:
            raise ValueError(f"its family must be {' or '.join(FAMILIES)}, not {card.family!r}")
        _check_members(card)
        return card


def _check_members(card: RunCard) -> None:
    """Raise `ValueError` unless an ensemble can answer with its members."""
    if not all({"id", "sha256", "weight"} <= member.keys() for member in card.members):
        raise ValueError("a member lacks its id, sha256 or weight")
    if bool(card.members) != (card.family == "ensemble"):
        raise ValueError("an ensemble needs members, and nothing else has any")
    if not card.members:
        return
    if not all(isinstance(member["id"], str) for member in card.members):
        raise ValueError("the id of a member must be a name")
    weights = [member["weight"] for member in card.members]
    numbers = all(isinstance(w, int | float) and 0 <= w <= 1 for w in weights)
    if not numbers or max(weights) == 0:
        raise ValueError("the weights of its members must be 0 to 1, one of them above 0")
    if card.hyperparameters.get("vote") not in VOTES:
        raise ValueError(f"its vote must be {' or '.join(VOTES)}")
