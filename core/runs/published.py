"""What others have published about a model that was neither trained nor measured here."""

from dataclasses import dataclass

from core.stored import Fraction, Name, Text
from core.units import percent


@dataclass(frozen=True)
class Published:
    """A figure of others, which is shown beside ours and never among them.

    Attributes:
        accuracy: fraction of the images whose class is the most probable one.
        images: which images those were, a clause.
        source, url: who says so, and where.
    """

    accuracy: Fraction
    images: Name
    source: Name
    url: Text = ""

    @property
    def sentence(self) -> str:
        """The figure and its source."""
        return f"Published by others: {percent(self.accuracy)} on {self.images} ({self.source})."
