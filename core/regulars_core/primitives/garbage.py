"""How often the interpreter looks for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 50_000  # between two looks at them; the interpreter's own figure is 700, or 2,000


class _Seldom:
    """How many are inside, and how often it was before the first of them: it is again when the last one has left."""

    inside = 0
    before = gc.get_threshold()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What is made inside is seldom looked through for garbage: for making what stays, as modules and schemas do, or very much
    at once, as migrations do, which make the classes of all models again and again, and imports, whose batches are a hundred
    thousand objects. A quarter of a start, and half of migrating, went into that. Who comes while others are inside stays with
    them."""
    if not _Seldom.inside:
        _Seldom.before = gc.get_threshold()
        gc.set_threshold(_NEW_OBJECTS, *_Seldom.before[1:])
    _Seldom.inside += 1
    try:
        yield
    finally:
        _Seldom.inside -= 1
        if not _Seldom.inside:
            gc.set_threshold(*_Seldom.before)
