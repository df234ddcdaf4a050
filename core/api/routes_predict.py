"""`POST /predict`."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from core import settings
from core.api import forms, threads
from core.api.figures import figures
from core.api.forms import Sent
from core.api.predicting import Wanted, predict
from core.api.problems import Refused, sentence_of
from core.api.schemas import OfImages, OfRuns, Prediction, PredictJson
from core.errors import unknown

router = APIRouter(tags=["predict"])
_FIELDS = ("image", "run", "threshold", "top_k")
_MOST_RUNS = 5
_NO_IMAGE = "Send an image in the field `image`, as a file of a form or in base64. Received: none."
_FORM_SCHEMA = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "format": "binary"},
            "description": "one image file or several: PNG, JPEG, GIF, BMP, WebP, TIFF",
        },
        "run": {
            "type": "array",
            "items": {"type": "string"},
            "description": "the run that predicts, by default `mnist-cnn`, or several",
            "example": ["mnist-cnn"],
        },
        "threshold": {"type": "number", "minimum": 0, "maximum": 1, "example": 0.5},
        "top_k": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "example": 3},
    },
}
_BODY = forms.body_schema(_FORM_SCHEMA, PredictJson.model_json_schema())


@router.post(
    "/predict",
    summary="Predict one image or several, with one run or several",
    response_model=Prediction | OfRuns | OfImages,
    openapi_extra={"requestBody": _BODY},
)
async def post_predict(request: Request) -> JSONResponse:
    """An image is sent as a file in a form (`multipart/form-data`), or in base64 as JSON.

    - One image: the prediction; a refused image: 422 with the reason.
    - Several images: `results`, in their order, a refused one with its `error` in its place; 422
      if all are refused.
    - Several runs: `runs`, by their ids.
    """
    body = await request.body()
    answers = await threads.predicting(_answer, request.headers, body)
    figures.predicted(answers)
    refused = not any(answer["success"] for answer in answers)
    if len(answers) == 1:
        return JSONResponse(
            _refusal(answers[0]) if refused else answers[0], 422 if refused else 200
        )
    if refused:
        error = f"None of the {len(answers)} images can be predicted: {answers[0]['error']}"
        return JSONResponse({"success": False, "error": error, "results": answers}, 422)
    return JSONResponse({"results": answers})


def _refusal(answer: dict[str, Any]) -> dict[str, Any]:
    return {"success": False, "error": answer["error"]}


def _answer(headers: Mapping[str, str], body: bytes) -> list[dict[str, Any]]:
    images, values = read(headers, body, settings.current().api_images)
    wanted = _wanted(values, forms.media_type(headers) == forms.JSON)
    return predict(images, wanted)


def read(
    headers: Mapping[str, str], body: bytes, most_images: int, fields: tuple[str, ...] = _FIELDS
) -> tuple[list[Sent], dict[str, Any]]:
    """The images of a request, and its other values, of which only `fields` may be given.

    Raises:
        Refused: if it cannot be read, holds no image, or too many.
    """
    kind = forms.media_type(headers)
    if kind == forms.FORM:
        form = forms.Form(body, headers["content-type"], most_images)
        _check_names((*form.files, *form.fields), fields)
        if files := [name for name in form.files if name != "image"]:
            raise Refused(422, f"Only `image` may be a file. Received: `{files[0]}` as one.")
        images = form.files.get("image", [])
        texts = form.fields.pop("image", [])
        values: dict[str, Any] = {name: _alone(name, v) for name, v in form.fields.items()}
    elif kind == forms.JSON:
        values = forms.read_json(body)
        _check_names(values, fields)
        images, texts = [], values.pop("image", [])
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(422, "`image` must be a base64 text, or a list of them.")
    else:
        raise Refused(
            415,
            f"Send {forms.FORM} (`curl -F image=@digit.png`) or {forms.JSON}. Received: "
            f"{kind[:100] or 'no Content-Type'}.",
        )
    forms.check_count(len(images) + len(texts), most_images)
    images = [*images, *(Sent("", forms.from_base64(text)) for text in texts)]
    if not images:
        raise Refused(422, _NO_IMAGE)
    return images, values


def _check_names(names: Mapping[str, Any] | tuple[str, ...], fields: tuple[str, ...]) -> None:
    for name in names:
        if name not in fields:
            raise Refused(422, unknown("field", name[:100], fields))


def _alone(name: str, texts: list[str]) -> Any:
    """The value of a field that a form may hold once; of `run`, all of them."""
    if name == "run":
        return [run for text in texts for run in text.split(",")]
    if len(texts) > 1:
        raise Refused(422, f"`{name}` must be given once. Received: {len(texts)} times.")
    return texts[0]


def _wanted(values: Mapping[str, Any], is_json: bool) -> Wanted:
    """Which runs predict, and what is answered; in a form, numbers are texts."""
    try:
        checked = PredictJson.model_validate({"image": "", **values}, strict=is_json)
    except ValidationError as error:
        raise Refused(422, sentence_of(error.errors())) from error
    ids = [checked.run] if isinstance(checked.run, str) else checked.run
    ids = tuple(dict.fromkeys(ids))
    if not 1 <= len(ids) <= _MOST_RUNS:
        raise Refused(422, f"`run` must name 1 to {_MOST_RUNS} runs. Received: {len(ids)}.")
    return Wanted(ids, checked.threshold, checked.top_k)
