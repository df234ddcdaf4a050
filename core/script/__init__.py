"""Python that is shown to people, printed from the code that the studio itself runs."""

from core.script.listing import WIDTH, Listing, broken, literal

__all__ = ["WIDTH", "Listing", "broken", "literal"]
