"""Places in the order of ids, which is about that in which they were made."""

from regulars_core.plugin import new_id

FIRST_ID = "0" * 32
"""Comes before all ids."""
OVERLAP_MS = 60_000
"""So much later somebody may commit whose id was made before others'."""


def a_while_ago() -> str:
    """An id from before those that somebody may be writing now: whoever goes by ids looks at what is behind it once more."""
    return f"{int(new_id()[:12], 16) - OVERLAP_MS:012x}{'0' * 20}"
