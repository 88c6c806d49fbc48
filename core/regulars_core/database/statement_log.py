"""Which statements the current task and its children have run: how tests state the cost of an operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# One variable for all databases, since a ContextVar made per object is never freed; each entry names its owner.
_open: ContextVar[tuple[tuple[object, list[str]], ...]] = ContextVar("regulars_statements", default=())


@contextmanager
def counting(owner: object) -> Iterator[list[str]]:
    """The SQL of every statement that this owner notes in the current task and the tasks it starts, while open."""
    statements: list[str] = []
    token = _open.set((*_open.get(), (owner, statements)))
    try:
        yield statements
    finally:
        _open.reset(token)


def note(owner: object, sql: str) -> None:
    """Tell those who count that the owner is about to run a statement."""
    for counted, statements in _open.get():
        if counted is owner:
            statements.append(sql)
