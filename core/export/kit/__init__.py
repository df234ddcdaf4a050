"""Programs that a package holds as they are here; beside `model.py` and `imaging/` they run alone.

Nothing in the studio imports them.
"""
