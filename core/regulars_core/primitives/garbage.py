"""How often the interpreter looks for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 50_000  # between two looks at them; the interpreter's own figure is 700, or 2,000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What is made inside is seldom looked through for garbage: for making what stays, as modules and schemas do, or very much
    at once, as migrations do, which make the classes of all models again and again. A quarter of a start, and half of
    migrating, went into that."""
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
