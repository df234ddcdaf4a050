"""The parts of the page that a run is exported as; `core.export.web_page` puts them together."""
