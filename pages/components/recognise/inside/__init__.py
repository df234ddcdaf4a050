"""Look inside a network: its feature maps for one image, with the arithmetic of every number."""

from pages.components.recognise.inside.view import FOLDER, offer

__all__ = ["FOLDER", "offer"]
