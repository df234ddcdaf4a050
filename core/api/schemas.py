"""What requests hold and what is answered, as the OpenAPI description shows it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.api.predicting import DEFAULT_RUN

_SEVEN = {"run": "mnist-cnn", "prediction": 7, "label": "7", "confidence": 0.9987}
_PROBABILITIES = {"7": 0.9987, "9": 0.0009, "2": 0.0004}
RUN_EXAMPLE = {
    "id": "mnist-cnn",
    "title": "mnist-cnn",
    "owner": "studio",
    "dataset": "mnist",
    "model": "simple_cnn",
    "family": "network",
    "accuracy": 0.9962,
    "classes": list("0123456789"),
    "input_shape": [28, 28, 1],
    "created": "2026-01-02T03:04:05+00:00",
}


class Problem(BaseModel):
    """Why a request was refused, or failed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"success": False, "error": "The image is blank. Draw or show one digit."}
        }
    )
    success: Annotated[bool, Field(description="always false")] = False
    error: Annotated[str, Field(description="what was refused, what is allowed, what was received")]


class Health(BaseModel):
    """That the server runs."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "ok", "default_run": "mnist-cnn"}}
    )
    status: str
    default_run: str = Field(description="the run that predicts where none is named")


class RunCard(BaseModel):
    """What is known of a run at a glance."""

    model_config = ConfigDict(json_schema_extra={"example": RUN_EXAMPLE})
    id: str
    title: str
    owner: str
    dataset: str
    model: str
    family: str
    accuracy: float | None = Field(
        description="on the test set, 0 to 1; null for a model that was not evaluated here"
    )
    classes: list[str]
    input_shape: list[int] = Field(description="height, width, channels")
    created: str = Field(description="ISO 8601")


class RunDetails(RunCard):
    """Everything about a run that is not an array."""

    preprocessing: str
    hyperparameters: dict[str, Any]
    metrics: dict[str, float]
    published: dict[str, Any] | None = Field(
        description="accuracy that others have measured, and its source; null for most runs"
    )
    history: list[dict[str, float]] = Field(description="the training curve, point by point")
    cost: dict[str, Any] = Field(description="of a prediction, as it was measured")
    members: list[dict[str, Any]] = Field(description="of an ensemble")
    seconds: float = Field(description="how long the training took")
    seed: int


class DatasetCard(BaseModel):
    """What is known of a dataset."""

    name: str
    title: str
    summary: str
    classes: list[str]
    input_shape: list[int]
    train_size: int
    test_size: int
    source: str
    licence: str
    download_bytes: int
    owner: str
    on_this_machine: bool


class Hyperparameter(BaseModel):
    """What may be set on a model."""

    name: str
    title: str
    default: bool | int | float | str
    help: str
    low: float | None
    high: float | None
    choices: list[str]


class ModelCard(BaseModel):
    """A kind of model that can be trained."""

    name: str
    title: str
    summary: str
    family: str
    is_quick: bool = Field(description="whether it learns something in minutes")
    hyperparameters: list[Hyperparameter]
    presets: dict[str, str]


class PredictJson(BaseModel):
    """Images as base64 texts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "image": "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAA",
                    "run": "mnist-cnn",
                    "top_k": 3,
                }
            ]
        },
    )
    image: str | list[str] = Field(
        description="an image file in base64, also as a `data:` URL; or a list of them"
    )
    run: str | list[str] = Field(DEFAULT_RUN, description="the run that predicts, or several")
    threshold: float = Field(0.0, ge=0, le=1, description="below it `label` is null")
    top_k: int | None = Field(
        None, ge=1, le=1_000_000, description="name only that many of the most probable classes"
    )


class Digit(BaseModel):
    """One of several digits in an image; `touching` if it was split from one that it touches."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    touching: bool | None = None


class Prediction(BaseModel):
    """What one run predicts for one image, or why it does not."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"success": True, **_SEVEN, "probabilities": _PROBABILITIES}}
    )
    success: bool
    run: str
    prediction: int | str | None = Field(
        None, description="the most probable class; a number if the run reads digits"
    )
    label: str | None = Field(None, description="the same as a text; null below the threshold")
    confidence: float | None = None
    probabilities: dict[str, float] | None = None
    rows: list[str] | None = Field(None, description="of several rows of digits, each")
    digits: list[Digit] | None = Field(None, description="of several digits, each")
    file: str | None = Field(None, description="of several images, the name of the file")
    error: str | None = None


class OfRuns(BaseModel):
    """What several runs predict for one image."""

    success: bool = Field(description="whether any of them predicts")
    runs: dict[str, Prediction]
    file: str | None = None
    error: str | None = None


class OfImages(BaseModel):
    """What is predicted for several images, in their order."""

    results: list[Prediction | OfRuns]


class TrainJson(BaseModel):
    """What to train."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "dataset": "digits",
                    "model": "random_forest",
                    "hyperparameters": {"n_estimators": 100},
                    "wait": True,
                }
            ]
        },
    )
    dataset: str = "digits"
    model: str = "random_forest"
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict, description="see `/models`; those not given get their defaults"
    )
    preset: str | None = Field(
        None, description="hyperparameters of a known network; see `/models`"
    )
    name: str | None = Field(None, description="title of the run; its id is derived from it")
    seed: int = 0
    validation_fraction: float | None = None
    wait: bool = Field(False, description="respond when it is done; only for quick models")


Report = dict[str, float | dict[str, float]]
"""As scikit-learn's `classification_report` gives it: by class, and the means."""


class Metrics(BaseModel):
    """How well a run does on its test images."""

    success: bool
    run: str
    accuracy: float
    total_samples: int
    correct_predictions: int
    classes: list[str]
    confusion_matrix: list[list[int]] = Field(description="rows are true classes")
    classification_report: Report


class JobCard(BaseModel):
    """How far a job is."""

    id: str
    kind: str
    settings: dict[str, Any]
    state: str = Field(description="queued, running, done, cancelled or failed")
    stage: str
    fraction: float = Field(description="of the stage, 0 to 1")
    epoch: int
    epochs: int
    metrics: dict[str, float]
    history: list[dict[str, float]] = Field(description="the training curve so far")
    note: str
    result: dict[str, Any]
    error: str
    times: dict[str, str]
    url: str
    events: str = Field(description="URL of its server-sent events")
    run: str | None = Field(description="URL of the run it has made")


class Queued(BaseModel):
    """A training that was queued."""

    success: bool
    job: JobCard
    url: str


class Trained(BaseModel):
    """A training that was waited for."""

    success: bool
    job: str = Field(description="URL of the job")
    run: str
    accuracy: float
    total_samples: int
    correct_predictions: int
    cm_image: str = Field(description="the confusion matrix, a PNG in base64")
    report: Report
    cm_matrix: list[list[int]] = Field(description="rows are true classes")
