"""How far a transaction of PostgreSQL's is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.database.dialect import Lookup, Write, checks
from regulars_core.database.errors import Overtaken, guard_failed
from regulars_core.database.sought import Sought


@dataclass(slots=True)
class Progress:
    """How far a transaction is: what was prefetched and not given to anybody yet, with the keys that were sought for it, whether
    it has begun, on which connection, the statements that wait, what these are made once that is known, and with what those
    failed that did not wait any longer."""

    prefetched: list[tuple[Lookup, Sequence[Any]]] = field(default_factory=list)
    keys: Mapping[Sought, str | None] = field(default_factory=dict)
    begun: bool = False
    connection: Any = None
    waiting: list[Write] = field(default_factory=list)
    made: Sequence[tuple[str, int]] | None = None
    failed: Exception | None = None

    def clear(self) -> None:
        """Forget what waits and what has failed: it is undone."""
        self.waiting.clear()
        self.made = self.failed = None


def as_meant(error: Exception, statements: Sequence[Write]) -> Exception:
    """Overtaken where this is how these statements, made one, say that somebody else was quicker; the error itself otherwise."""
    if not checks(statements) or not guard_failed(error):
        return error
    overtaken = Overtaken("What was decided by has been changed meanwhile.")
    overtaken.__cause__ = error
    return overtaken
