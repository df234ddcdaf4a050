"""A function for each reference page, which reads a registry and gives the text of the page."""
