"""`POST /explain`."""

import base64
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from core import explain
from core.api import forms, threads
from core.api.predicting import find_run
from core.api.problems import Refused, sentence_of
from core.api.routes_predict import read
from core.api.schemas_explain import Explained, ExplainJson
from core.images import decode, encode_png
from core.serving import load_predictor

router = APIRouter(tags=["predict"])
_FIELDS = ("image", "run", "class", "method", "digit", "opacity")
_PNG = "image/png"
_FORM_SCHEMA = {
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {
            "type": "string",
            "format": "binary",
            "description": "one image file: PNG, JPEG, GIF, BMP, WebP, TIFF",
        },
        **{
            name: value
            for name, value in ExplainJson.model_json_schema()["properties"].items()
            if name != "image"
        },
    },
}
_BODY = forms.body_schema(_FORM_SCHEMA, ExplainJson.model_json_schema())


@router.post(
    "/explain",
    summary="Explain what a run predicts for an image",
    response_model=Explained,
    responses={200: {"content": {_PNG: {"schema": {"type": "string", "format": "binary"}}}}},
    openapi_extra={"requestBody": _BODY},
)
async def post_explain(request: Request) -> Response:
    """An image is sent as for `/predict`: one, to one run.

    The response holds the explanation drawn over what the model saw, a PNG in base64; with
    `Accept: image/png` it is that PNG alone.
    """
    body = await request.body()
    answer, png = await threads.predicting(_answer, request.headers, body)
    if _PNG in request.headers.get("accept", ""):
        return Response(png, media_type=_PNG)
    image = base64.b64encode(png).decode()
    return JSONResponse({"success": True, **answer, "image": image})


def _answer(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, Any], bytes]:
    images, values = read(headers, body, 1, _FIELDS)
    wanted = _wanted(values, forms.media_type(headers) == forms.JSON)
    (image,) = images
    predictor = load_predictor(find_run(wanted.run))
    found = explain.explain_image(predictor, decode(image.content), _question(wanted))
    return found.as_dict(), encode_png(found.drawn)


def _question(wanted: ExplainJson) -> explain.Question:
    return explain.Question(wanted.class_name, wanted.method, wanted.digit, wanted.opacity)


def _wanted(values: Mapping[str, Any], is_json: bool) -> ExplainJson:
    """What is asked; in a form, numbers are texts, and `run` is a list."""
    values = dict(values)
    if not is_json and isinstance(values.get("run"), list):
        if len(values["run"]) != 1:
            raise Refused(422, f"`run` must name one run. Received: {len(values['run'])}.")
        (values["run"],) = values["run"]
    try:
        return ExplainJson.model_validate({"image": "", **values}, strict=is_json)
    except ValidationError as error:
        raise Refused(422, sentence_of(error.errors())) from error
