"""How inputs become Python values: worked out once for each of them, as Strawberry works it out each time."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING
from typing import Any

import strawberry
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    get_object_definition,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.maybe import Some

from regulars_core.plugins.host import Extras

Reader = Callable[[Any], Any]
FieldReader = tuple[str, str, Any, Reader | None]
"""A field of an input: its GraphQL name, its Python name and its type, and what makes its value; None where Strawberry must,
because the value depends on the request or on its place in the input."""


@strawberry.input(description="What plugins may add fields to.")
class ExtensibleInput:
    """Base of the inputs that plugins may add fields to; not a type of its own.

    `extras` is what the plugins' fields carry: a field that is absent is not in it, and one that is null is None.
    """

    extras: strawberry.Private[Extras] = dataclasses.field(default_factory=dict)


def field_readers(cls: type, schema: Any) -> Sequence[FieldReader]:
    """The fields of an input in a composed schema."""
    definition = get_object_definition(cls, strict=True)
    return [
        (schema.config.name_converter.from_field(field), field.python_name, type_, reader(type_, schema, (cls,)))
        for field in definition.fields
        for type_ in (field.resolve_type(type_definition=definition),)
    ]


def reader(type_: Any, schema: Any, above: Sequence[type] = ()) -> Reader | None:
    """What makes values of a type in a composed schema, inside of these inputs; None where Strawberry must."""
    if isinstance(type_, StrawberryMaybe):  # which is an Optional, too
        if not isinstance(type_.of_type, StrawberryOptional):
            return None  # refuses null in Strawberry's words
        return _around(_some, reader(type_.of_type, schema, above))
    if isinstance(type_, StrawberryOptional):
        return _around(_or_none, reader(type_.of_type, schema, above))
    if isinstance(type_, StrawberryList):
        return _around(_each, reader(type_.of_type, schema, above))
    if type_ is GlobalID:
        return None
    leaf = is_scalar(type_, schema.schema_converter.scalar_registry) or isinstance(type_, StrawberryEnumDefinition)
    if leaf or has_enum_definition(type_):
        return _as_it_is
    return _object_reader(type_, schema, above) if has_object_definition(type_) else None


def _around(make: Callable[[Reader], Reader], read: Reader | None) -> Reader | None:
    return None if read is None else make(read)


def _some(read: Reader) -> Reader:
    return Some if read is _as_it_is else lambda value: Some(read(value))


def _or_none(read: Reader) -> Reader:
    return read if read is _as_it_is else lambda value: None if value is None else read(value)


def _each(read: Reader) -> Reader:
    return list if read is _as_it_is else lambda values: [read(value) for value in values]


def _as_it_is(value: Any) -> Any:
    return value


def _object_reader(cls: Any, schema: Any, above: Sequence[type]) -> Reader | None:
    definition = get_object_definition(cls, strict=True)
    nothing_added = issubclass(cls, ExtensibleInput) and cls not in schema.inputs
    if cls in above or not (definition.from_input is None or nothing_added):
        return None
    fields = {}
    for field in definition.fields:
        read = reader(field.resolve_type(type_definition=definition), schema, (*above, cls))
        if read is None:
            return None
        fields[schema.config.name_converter.from_field(field)] = field.python_name, read
    absent = [
        field.python_name
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    ]

    def read_object(value: Any) -> Any:
        attributes: dict[str, Any] = dict.fromkeys(absent)
        for name, part in value.items():
            python_name, read = fields[name]
            attributes[python_name] = read(part)
        return cls(**attributes)

    return read_object
