"""Inputs of core's mutations that plugins add fields to, as far as they are in the schema at hand.

    Contribution("birthday", inputs=[InputField(CustomerCreateInput, "remindDaysBefore", int, "…")])

Strawberry prints a field that a schema adds to an input and then drops its value, unless the input is made by a function
of its own. That is what `open_input` gives it.
"""

from typing import Any, TypeVar

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import get_object_definition

from regulars_schema.inputs.readers import ExtensibleInput, field_readers

T = TypeVar("T", bound=ExtensibleInput)


def open_input(cls: type[T]) -> type[T]:
    """A class decorator, outside of Strawberry's own: plugins may add fields to this input."""
    get_object_definition(cls, strict=True).from_input = _read
    return cls


def is_open(cls: type) -> bool:
    """Whether plugins may add fields to an input."""
    return get_object_definition(cls, strict=True).from_input is _read


def _read(cls: type[T], value: Any, context: Any) -> T:
    """Strawberry's `from_input` hook: the input's own fields as Strawberry itself reads them, then those of plugins.
    Raises Forbidden for one that the caller may not give."""
    readers = context.info.schema.readers
    if cls not in readers:
        readers[cls] = field_readers(cls, context.info.schema)
    own: dict[str, Any] = {}
    for name, python_name, type_, read in readers[cls]:
        if name not in value:
            own[python_name] = None
        else:
            own[python_name] = read(value[name]) if read else context.convert(value[name], type_, name)
    extras: dict[str, dict[str, Any]] = {}
    for name, (owner, added) in context.info.schema.inputs.get(cls, {}).items():
        if name in value:
            context.info.context.request.demand(added.needs)
            type_ = StrawberryAnnotation(added.type | None).resolve()
            extras.setdefault(owner, {})[name] = context.convert(value[name], type_, name)
    return cls(**own, extras=extras)
