"""Ids as clients see them: the kind of the object, an underscore, and 32 hexadecimal digits."""

from typing import Any

import strawberry

from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.ids import is_id


def global_id(kind: str, key: str) -> str:
    """The id of an object for clients: `customer_0192f6c8e5b07cc398c4dc0c0c07398f`."""
    return f"{kind}_{key}"


def key_of(text: str, kind: str, *path: str) -> str:
    """The key in an id of this kind. Raises BadInput for an id that is malformed or of another kind."""
    actual, key = split_id(text, *path)
    if actual != kind:
        raise BadInput(f"This is the id of a {actual}, not of a {kind}.", path)
    return key


def split_id(text: str, *path: str) -> tuple[str, str]:
    """The kind and the key in an id. Raises BadInput for a malformed one."""
    kind, _, key = text.rpartition("_")
    if not (kind.isascii() and kind.isalpha() and is_id(key)):
        raise BadInput("This is not an id.", path)
    return kind, key


def identified(kind: str) -> Any:
    """The `id` field of a type of this kind, over rows that have an `id` of their own."""

    def resolve(root: Any) -> strawberry.ID:
        return strawberry.ID(global_id(kind, root.id))

    return strawberry.field(
        resolver=resolve, description=f"Opaque and stable; begins with `{kind}_`.", metadata={"kind": kind}
    )
