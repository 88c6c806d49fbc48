"""What a process remembers of a table as of its last few revisions, so that a look-up which was named of one of them is answered
by it, also if others have read newer ones meanwhile."""

from typing import TypeVar

T = TypeVar("T")

UNKNOWN = -1
"""Stands for the revision where nothing is remembered yet."""
_REMEMBERED = 8


class Revisions(dict[int, T]):
    """What is known of the last few revisions, the newest last."""

    @property
    def newest(self) -> T | None:
        """What was read last; None where nothing was yet. It may be out of date: it says what to look up, no more."""
        return next(reversed(self.values()), None)

    def keep(self, revision: int, known: T) -> None:
        """Remember what was read, unless somebody has read a newer one meanwhile."""
        if revision not in self and revision < next(reversed(self), UNKNOWN):
            return
        self[revision] = known
        while len(self) > _REMEMBERED:
            del self[next(iter(self))]
