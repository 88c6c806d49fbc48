"""Inputs of core's mutations that plugins add fields to, as far as they are in the schema at hand.

    Contribution("birthday", inputs=[InputField(CustomerCreateInput, "remindDaysBefore", int, "…")])

Strawberry prints a field that a schema adds to an input and then drops its value, unless the input is made by a function
of its own. That is what `open_input` gives it.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from strawberry.types.base import get_object_definition

from regulars_core.plugins.host import Extras
from regulars_schema.inputs.readers import ExtensibleInput, field_readers

T = TypeVar("T", bound=ExtensibleInput)


def open_input(cls: type[T]) -> type[T]:
    """A class decorator, outside of Strawberry's own: plugins may add fields to this input."""
    get_object_definition(cls, strict=True).from_input = _read
    return cls


def is_open(cls: type) -> bool:
    """Whether plugins may add fields to an input."""
    return get_object_definition(cls, strict=True).from_input is _read


def extras_of(given: ExtensibleInput, **parts: Sequence[ExtensibleInput]) -> Extras:
    """What an input carries for plugins: its own fields and, under the names of its parts, what each of these carries, in their
    order; for a plugin that none of them carries anything for there is nothing under that name."""
    extras: dict[str, dict[str, Any]] = {owner: dict(own) for owner, own in given.extras.items()}
    for name, each in parts.items():
        for owner in dict.fromkeys(owner for part in each for owner in part.extras):
            extras.setdefault(owner, {})[name] = [part.extras.get(owner, {}) for part in each]
    return extras


def _read(cls: type[T], value: Any, context: Any) -> T:
    """Strawberry's `from_input` hook: the input's own fields as Strawberry itself reads them, then those of plugins.
    Raises Forbidden for one that the caller may not give."""
    readers = context.info.schema.readers
    if cls not in readers:
        readers[cls] = field_readers(cls, context.info.schema)
    own: dict[str, Any] = {}
    extras: dict[str, dict[str, Any]] = {}
    for field in readers[cls]:
        if field.name not in value:
            if field.owner is None:
                own[field.python_name] = None
            continue
        given = value[field.name]
        if field.demands is not None:
            for permission in field.demands(given):
                context.info.context.request.demand(permission)
        made = field.read(given) if field.read else context.convert(given, field.type, field.name)
        if field.owner is None:
            own[field.python_name] = made
        else:
            extras.setdefault(field.owner, {})[field.name] = made
    return cls(**own, extras=extras)
