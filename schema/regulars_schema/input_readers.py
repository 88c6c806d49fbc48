"""How the fields of an input become Python values: worked out once for each input, as Strawberry works it out each time."""

from collections.abc import Callable, Sequence
from dataclasses import MISSING
from typing import Any

from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    get_object_definition,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.maybe import Some

Reader = Callable[[Any], Any]
FieldReader = tuple[str, str, Any, Reader | None]
"""A field of an input: its GraphQL name, its Python name and its type, and what makes its value; None where Strawberry must,
because the value depends on the request or on its place in the input."""


def field_readers(cls: type, context: InputContext) -> Sequence[FieldReader]:
    """The fields of an input in the schema that is answering."""
    definition = get_object_definition(cls, strict=True)
    return [
        (context.config.name_converter.from_field(field), field.python_name, type_, _reader(type_, context, (cls,)))
        for field in definition.fields
        for type_ in (field.resolve_type(type_definition=definition),)
    ]


def _reader(type_: Any, context: InputContext, above: Sequence[type]) -> Reader | None:
    """What makes values of a type, inside of these inputs."""
    if isinstance(type_, StrawberryMaybe):  # which is an Optional, too
        if not isinstance(type_.of_type, StrawberryOptional):
            return None  # refuses null in Strawberry's words
        return _around(_some, _reader(type_.of_type, context, above))
    if isinstance(type_, StrawberryOptional):
        return _around(_or_none, _reader(type_.of_type, context, above))
    if isinstance(type_, StrawberryList):
        return _around(_each, _reader(type_.of_type, context, above))
    if type_ is GlobalID:
        return None
    leaf = is_scalar(type_, context.scalar_registry) or isinstance(type_, StrawberryEnumDefinition)
    if leaf or has_enum_definition(type_):
        return _as_it_is
    return _object_reader(type_, context, above) if has_object_definition(type_) else None


def _around(make: Callable[[Reader], Reader], read: Reader | None) -> Reader | None:
    return None if read is None else make(read)


def _some(read: Reader) -> Reader:
    return lambda value: Some(read(value))


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _each(read: Reader) -> Reader:
    return lambda values: [read(value) for value in values]


def _as_it_is(value: Any) -> Any:
    return value


def _object_reader(cls: Any, context: InputContext, above: Sequence[type]) -> Reader | None:
    definition = get_object_definition(cls, strict=True)
    if definition.from_input is not None or cls in above:
        return None
    fields = []
    for field in definition.fields:
        read = _reader(field.resolve_type(type_definition=definition), context, (*above, cls))
        if read is None:
            return None
        fields.append((context.config.name_converter.from_field(field), field.python_name, read))
    absent = [
        field.python_name
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    ]

    def made(value: Any) -> Any:
        given: dict[str, Any] = dict.fromkeys(absent)
        for name, python_name, read in fields:
            if name in value:
                given[python_name] = read(value[name])
        return cls(**given)

    return made
