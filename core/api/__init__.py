"""The REST API: `python -m core api`, and below `/api` on the studio's own port.

Importing this package costs next to nothing. FastAPI is imported with the first request, so that
a studio whose API nobody uses starts as fast and stays as small as without it.
"""

from core.api.lazy import Api
from core.api.tokens import page_token

__all__ = ["Api", "page_token"]
