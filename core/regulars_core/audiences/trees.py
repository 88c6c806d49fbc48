"""Walking stored trees of conditions."""

from collections.abc import Iterator
from typing import Any

from regulars_core.audiences.leaves import Audience

TREE = frozenset({"all", "any", "not"})
"""What makes a tree of leaves."""


def leaves_in(audience: Audience, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every leaf of a stored tree with its place in it and its comparison."""
    for name, inside in audience.items():
        if name == "not":
            yield from leaves_in(inside, (*path, name))
        elif name in TREE:
            for n, part in enumerate(inside):
                yield from leaves_in(part, (*path, name, str(n)))
        else:
            yield (*path, name), name, inside
