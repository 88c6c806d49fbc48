"""Ids as clients see them: the kind of the object, an underscore, and 32 hexadecimal digits; of API keys, the 12 letters and
digits that stand in the key itself."""

from typing import Any

import strawberry

from regulars_core.keys.credentials import as_entity, is_key_id, key_id_of
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.ids import is_id

KEY = "key"
"""The kind of API keys."""


def global_id(kind: str, key: str) -> str:
    """The id of an object for clients: `customer_0192f6c8e5b07cc398c4dc0c0c07398f`."""
    return f"{kind}_{key}"


def key_of(text: str, kind: str, *path: str, instead: str | None = None) -> str:
    """The key in an id of this kind. Raises BadInput for an id that is malformed or of another kind; what is no id may have been
    meant for the argument that is named `instead`."""
    actual, key = _parts(text)
    if not key:
        hint = f" What people know it by goes into `{instead}`." if instead else ""
        raise BadInput(f"This is not an id, which begins with `{kind}_`.{hint}", path)
    if actual != kind:
        raise BadInput(f"This is the id of a {actual}, not of a {kind}.", path)
    return key


def split_id(text: str, *path: str) -> tuple[str, str]:
    """The kind and the key in an id. Raises BadInput for a malformed one."""
    kind, key = _parts(text)
    if not key:
        raise BadInput("This is not an id.", path)
    return kind, key


def audited_key(kind: str, key: str) -> str:
    """What the audit knows an object by."""
    return as_entity(key) if kind == KEY else key


def audited_id(kind: str, entity: str) -> str:
    """The id of an object that the audit knows by this."""
    return global_id(kind, key_id_of(entity) if kind == KEY else entity)


def _parts(text: str) -> tuple[str, str]:
    """The kind and the key in an id; no key where it is malformed."""
    kind, _, key = text.rpartition("_")
    is_whole = is_key_id(key) if kind == KEY else is_id(key)
    return (kind, key) if kind.isascii() and kind.isalpha() and is_whole else (kind, "")


def identified(kind: str) -> Any:
    """The `id` field of a type of this kind, over rows that have an `id` of their own."""

    def resolve(root: Any) -> strawberry.ID:
        return strawberry.ID(global_id(kind, root.id))

    return strawberry.field(
        resolver=resolve, description=f"Opaque and stable; begins with `{kind}_`.", metadata={"kind": kind}
    )
