"""Inputs that may be sent again under a key, and the form in which two of them are the same."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any
from uuid import UUID

import orjson
import strawberry
from strawberry import UNSET
from strawberry.types.maybe import Some

from regulars_core.idempotency import checked_key
from regulars_core.primitives.text import camel
from regulars_core.queries.where import Leaf, Where
from regulars_schema.inputs.readers import ExtensibleInput

_KEY = (
    "of this request, 1 to 128 visible ASCII characters, such as a UUID: sent again with the same key and input, it is "
    "done once and answered as the first time, for 45 days."
)


@strawberry.input(description="What every mutation's input takes.")
class IdempotentInput:
    """Base of the inputs of mutations; not a type of its own."""

    idempotency_key: strawberry.Maybe[str | None] = strawberry.field(description=f"A name {_KEY}")


@strawberry.input(description="What the input of a mutation takes that moves money.")
class RequiredKeyInput(IdempotentInput):
    """Base of the inputs of mutations that must not be done twice; not a type of its own."""

    idempotency_key: str = strawberry.field(description=f"A name {_KEY} Required, because money is at stake.")  # type: ignore[assignment]


def required_key(because: str) -> Any:
    """The field `idempotency_key` of an input that must not be done twice for another reason than money."""
    return strawberry.field(description=f"A name {_KEY} Required, because {because}.")


def key_in(input: IdempotentInput) -> str | None:
    """The key that an input carries. Raises BadInput."""
    key = input.idempotency_key
    text = key.value if isinstance(key, Some) else key
    return None if text is None else checked_key(str(text), "idempotencyKey")


_NO_CONTENT = frozenset(
    {"id", "idempotency_key", "expected_version", "expected_versions", "match_on", "force", "extras"}
)


def given_fields(input: IdempotentInput) -> list[str]:
    """The names of the fields that an input carries, as the API spells them; not those that only say how."""
    kind: Any = type(input)
    own = [api_name for name, api_name in _content_of(kind) if getattr(input, name) is not None]
    return (
        own + [name for added in input.extras.values() for name in added] if isinstance(input, ExtensibleInput) else own
    )


@cache
def _content_of(kind: Any) -> Sequence[tuple[str, str]]:
    """The fields that say what is wanted, by their names here and in the API."""
    return [(name, camel(name)) for name in _names_of(kind) if name not in _NO_CONTENT]


NO_CONTENT: Mapping[str, bool] = {"is_no_content": True}
"""The metadata of a field of an input that says again what its other fields say."""


def _names_of(kind: Any) -> Sequence[str]:
    return [field.name for field in dataclasses.fields(kind) if field.metadata != NO_CONTENT]


_JSON = frozenset({str, int, bool, NoneType})


def canonical(value: Any) -> Any:
    """A coerced input as JSON: absent is left out and null stays, 60 equals 60.0, and the key itself does not count."""
    kind: Any = type(value)
    make = None if kind in _JSON else _canonical_of(kind)
    return value if make is None else make(value)


@cache
def _canonical_of(kind: Any) -> Callable[[Any], Any] | None:
    """What makes JSON of the values of a class; None for what is JSON already."""
    ways: Sequence[tuple[Any, Callable[[Any], Any]]] = (
        (Some, lambda some: canonical(some.value)),
        (Decimal, _shortest),
        ((Enum, Leaf), lambda named: named.name),
        ((date, time), lambda at: at.isoformat()),
        (UUID, str),
        ((list, tuple), lambda parts: [canonical(part) for part in parts]),
        (Where, _of_tree),  # whatever else a tree keeps of how it was given
        (Mapping, lambda parts: {name: canonical(part) for name, part in parts.items()}),
    )
    if hasattr(kind, "written_as"):  # what stands for a value, such as a member of an open enum
        return lambda value: value.written_as
    make = next((make for kinds, make in ways if issubclass(kind, kinds)), None)
    return _of_fields(kind) if make is None and dataclasses.is_dataclass(kind) else make


def _of_tree(where: Where) -> Any:
    """A tree of conditions, in whatever order: the fields of an object have none."""
    content = _of_fields(Where)(where)
    return content | {"parts": sorted(content["parts"], key=orjson.dumps)}


def _shortest(number: Decimal) -> str:
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _of_fields(kind: Any) -> Callable[[Any], Any]:
    is_open = issubclass(kind, ExtensibleInput)
    apart = {"idempotency_key", "extras"} if is_open else {"idempotency_key"}
    names = [name for name in _names_of(kind) if name not in apart]

    def make(value: Any) -> Any:
        content = {}
        for name in names:  # not by its dictionary: a plugin's may have slots
            given = getattr(value, name)
            if given is None or given is UNSET:
                continue
            part = given.value if type(given) is Some else given
            content[name] = part if type(part) in _JSON else canonical(part)
        if is_open and value.extras:  # the same digest whether or not a plugin has added fields
            content["extras"] = canonical(value.extras)
        return content

    return make
