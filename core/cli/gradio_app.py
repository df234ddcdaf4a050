"""The command `gradio`: a small app of Gradio's, to draw or upload an image and see its class."""

import argparse
from pathlib import Path

import numpy as np

from core import batch, runs
from core.cli.predict import DEFAULT_RUN
from core.errors import ImageError, StudioError
from core.preprocessing import reads
from core.serving import Predictor, load_predictor


def add_commands(commands) -> None:
    text = "open a small Gradio app of one run (needs the package gradio)"
    command = commands.add_parser("gradio", help=text, description=text)
    command.add_argument("--run", default=DEFAULT_RUN, metavar="ID", help="run to predict with")
    command.add_argument("--port", type=int, default=7860, help="port on this machine")
    command.set_defaults(handler=open_app)


def open_app(options: argparse.Namespace) -> int:
    app = build(load_predictor(runs.load(options.run)))
    app.launch(server_name="127.0.0.1", server_port=options.port)
    return 0


def build(predictor: Predictor):
    """The app, a `gradio.TabbedInterface`; raises `StudioError` if Gradio is not installed."""
    try:
        import gradio as gr
    except ImportError as error:
        raise StudioError("Gradio is not installed. Run: pip install gradio") from error

    def answer(image: np.ndarray) -> dict[str, float]:
        result = predictor.predict(image)
        if len(result.predictions) == 1:
            return result.predictions[0].as_dict()
        return {result.label: result.confidence}

    def predict(shown: dict | str | None) -> dict[str, float] | None:
        try:
            if isinstance(shown, str):
                return answer(batch.read_image(Path(shown)))
            ink = shown["layers"][0][..., 3] if shown else np.zeros(1)  # how opaque each pixel is
            return answer(255 - ink) if ink.any() else None
        except ImageError as error:
            raise gr.Error(str(error)) from error

    shared = {"flagging_mode": "never", "analytics_enabled": False}
    result = gr.Label(num_top_classes=5, label="Prediction")
    upload = gr.Interface(predict, gr.Image(type="filepath", label="Image"), result, **shared)
    if reads(predictor.run.card.preprocessing) != "digits":
        return gr.TabbedInterface([upload], ["Upload"], title=predictor.run.title)
    brush = gr.Brush(default_size=20, colors=["#000000"], color_mode="fixed")
    pad = gr.Sketchpad(brush=brush, canvas_size=(320, 320), layers=False, label="Draw a digit")
    draw = gr.Interface(predict, pad, gr.Label(label="Prediction"), live=True, **shared)
    return gr.TabbedInterface([draw, upload], ["Draw", "Upload"], title=predictor.run.title)
