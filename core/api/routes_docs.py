"""The description of the API: `/openapi.json`, and `/docs` for people."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse

from core.api.problems import Refused

router = APIRouter(include_in_schema=False)
_SWAGGER = Path(__file__).parent / "swagger"
_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
    "initializer.js": "text/javascript",
}
# Swagger UI writes styles into the page, and its icons are data.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Classification Studio: REST API</title>
    <link rel="stylesheet" href="{prefix}/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="{prefix}/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui" data-url="{prefix}/openapi.json"></div>
    <script src="{prefix}/docs/swagger-ui-bundle.js"></script>
    <script src="{prefix}/docs/initializer.js"></script>
  </body>
</html>
"""


@router.get("/")
async def get_root(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")


@router.get("/openapi.json")
async def get_openapi(request: Request) -> JSONResponse:
    described: dict[str, Any] = request.app.openapi()
    return JSONResponse({**described, "servers": [{"url": request.scope.get("root_path") or "/"}]})


@router.get("/docs")
async def get_docs(request: Request) -> HTMLResponse:
    page = _PAGE.format(prefix=request.scope.get("root_path", ""))
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/{name}")
async def get_docs_file(name: str) -> FileResponse:
    if name not in _FILES:
        raise Refused(404, f"The documentation has no file {name[:100]!r}.")
    headers = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(_SWAGGER / name, media_type=_FILES[name], headers=headers)
