"""A trained model in other programs: what to copy into a terminal, Python or JavaScript."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st
from streamlit import config

from core import settings, visitors
from core.jobs import limits
from core.runs import Run
from pages.components.shared import rest

_FILE = "image.png"


@dataclass(frozen=True)
class Call:
    """What a snippet has filled in.

    Attributes:
        run: id of the run that predicts.
        url: of the API, as `http://localhost:8501/api`.
        token: what is sent; empty if nothing is needed.
    """

    run: str
    url: str
    token: str = ""


def as_curl(call: Call) -> str:
    """A command for a terminal."""
    token = f"-H {shlex.quote(f'Authorization: Bearer {call.token}')} " if call.token else ""
    return f"curl {token}-F image=@{_FILE} -F run={call.run} {call.url}/predict"


def as_python(call: Call) -> str:
    """A script of Python that needs no package."""
    headers = {"Content-Type": "application/json", **_authorization(call)}
    return f"""import base64
import json
from urllib.request import Request, urlopen

with open({_text(_FILE)}, "rb") as file:
    image = base64.b64encode(file.read()).decode()
request = Request(
    {_text(f"{call.url}/predict")},
    data=json.dumps({{"run": {_text(call.run)}, "image": image}}).encode(),
    headers={json.dumps(headers)},
)
with urlopen(request) as response:
    prediction = json.load(response)
print(prediction["label"], prediction["confidence"])
"""


def as_javascript(call: Call) -> str:
    """A module for Node.js; in a browser, the file comes from a form."""
    headers = f", headers: {json.dumps(_authorization(call))}" if call.token else ""
    return f"""import {{ readFile }} from "node:fs/promises";

const form = new FormData();
form.append("run", {_text(call.run)});
form.append("image", new Blob([await readFile({_text(_FILE)})]), {_text(_FILE)});
const url = {_text(f"{call.url}/predict")};
const response = await fetch(url, {{ method: "POST", body: form{headers} }});
const prediction = await response.json();
console.log(prediction.label, prediction.confidence);
"""


def _text(value: str) -> str:
    return json.dumps(value)


def _authorization(call: Call) -> dict[str, str]:
    return {"Authorization": f"Bearer {call.token}"} if call.token else {}


# Language of the highlighting, and what makes the snippet, by the title of its tab.
SNIPPETS: dict[str, tuple[str, Callable[[Call], str]]] = {
    "curl": ("bash", as_curl),
    "Python": ("python", as_python),
    "JavaScript": ("javascript", as_javascript),
}


def show(run: Run) -> None:
    """The snippets of one run, and what they need."""
    call, note = _call(run)
    st.markdown(
        f"Any program can send an image to this model while the studio runs. `{_FILE}` is your "
        "image; several images or models in one request, and everything else: "
        f"[documentation of the API]({call.url}/docs)."
    )
    if note:
        st.caption(note)
    for tab, (language, make) in zip(st.tabs(list(SNIPPETS)), SNIPPETS.values(), strict=True):
        tab.code(make(call), language=language, wrap_lines=True)


def _call(run: Run) -> tuple[Call, str]:
    """What to fill in, and what to say about the token in it."""
    url = f"{_origin()}/{config.get_option('server.baseUrlPath').strip('/')}".rstrip("/") + "/api"
    if settings.current().api_token:
        return (
            Call(run.id, url, "YOUR_TOKEN"),
            "Replace `YOUR_TOKEN` by the value of `STUDIO_API_TOKEN`.",
        )
    if limits.apply() and run.card.owner != visitors.STUDIO:
        return (
            Call(run.id, url, rest.token()),
            "The token stands for you in this public demo. It is valid for an hour: keep it to "
            "yourself, and copy a new one from this page when it has expired.",
        )
    return Call(run.id, url), ""


def _origin() -> str:
    """Where the browser reaches the studio: `http://localhost:8501`."""
    found = urlsplit(st.context.url or "")
    if found.netloc:
        return f"{found.scheme}://{found.netloc}"
    return f"http://localhost:{config.get_option('server.port')}"
