"""What a request for an explanation holds, and what is answered."""

from pydantic import BaseModel, ConfigDict, Field

from core.api.predicting import DEFAULT_RUN
from core.explain import METHODS


class ExplainJson(BaseModel):
    """An image as a base64 text, and what is asked about it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"image": "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAA", "class": "4"}
            ]
        },
    )
    image: str = Field(description="an image file in base64, also as a `data:` URL")
    run: str = Field(DEFAULT_RUN, description="the run that is asked")
    class_name: str = Field(
        "", alias="class", description="the class that is asked about; empty for the predicted one"
    )
    method: str = Field(
        "", description=f"{', '.join(METHODS)}; empty for the one that suits the run"
    )
    digit: int = Field(1, ge=1, le=100, description="which of several digits, from 1")
    opacity: float = Field(0.7, ge=0, le=1, description="of the colours, 0 to 1")


class DeletionCheck(BaseModel):
    """What hiding does to the probability of the class."""

    verdict: str = Field(
        description="passed, failed, or why it says nothing: `nothing` is marked, or the class is "
        "`improbable`"
    )
    fraction: float = Field(description="of the image that was hidden, 0 to 0.1")
    probability_marked_hidden: float
    probability_random_hidden: float = Field(description="the mean of ten random areas")
    sentence: str


class Explained(BaseModel):
    """Why a run gives a class its probability."""

    success: bool
    run: str
    method: str
    class_name: str = Field(alias="class")
    probability: float
    deletion: DeletionCheck
    image: str = Field(description="the explanation drawn over the image, a PNG in base64")
