"""The parts of the Compare page, one a view."""
