"""Widgets that several pages share. Pages import these; these never import a page."""
