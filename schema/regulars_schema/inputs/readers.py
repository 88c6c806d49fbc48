"""How inputs become Python values: worked out once for each of them, as Strawberry works it out each time.

Fields that plugins have added are read with the rest, into the `extras` of the input that they were added to, however deep it
lies.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from typing import Any, NamedTuple

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryContainer,
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
Demands = Callable[[Any], Iterator[str]]
"""What tells of a value, as it came, which permissions it takes to give it."""


class FieldReader(NamedTuple):
    """A field of an open input: its GraphQL name, its Python name, and its type.

    `read` makes its value; None where Strawberry must, because the value depends on the request or on its place in the input.
    `demands` is None where anybody may give whatever the type allows. `owner` is the plugin that has added it; None for core.
    """

    name: str
    python_name: str
    type: Any
    read: Reader | None
    demands: Demands | None
    owner: str | None = None


@strawberry.input(description="What plugins may add fields to.")
class ExtensibleInput:
    """Base of the inputs that plugins may add fields to; not a type of its own.

    `extras` is what the plugins' fields carry: a field that is absent is not in it, and one that is null is None.
    """

    extras: strawberry.Private[Extras] = dataclasses.field(default_factory=dict)


def field_readers(cls: type, schema: Any) -> Sequence[FieldReader]:
    """The fields of an open input in a composed schema: its own, then those that plugins have added."""
    own = [
        FieldReader(name, python_name, type_, reader(type_, schema, (cls,)), demands(type_, schema, (cls,)))
        for name, python_name, type_ in _own_fields(cls, schema)
    ]
    added = [
        FieldReader(
            name, name, type_, reader(type_, schema, (cls,)), _demanding(added, demands(type_, schema, (cls,))), owner
        )
        for name, type_, added, owner in _added_fields(cls, schema)
    ]
    return [*own, *added]


def _own_fields(cls: type, schema: Any) -> Iterator[tuple[str, str, Any]]:
    definition = get_object_definition(cls, strict=True)
    for field in definition.fields:
        name: str = schema.config.name_converter.from_field(field)
        yield name, field.python_name, field.resolve_type(type_definition=definition)


def _added_fields(cls: type, schema: Any) -> Iterator[tuple[str, Any, Any, str]]:
    for name, (owner, added) in schema.inputs.get(cls, {}).items():
        yield name, StrawberryAnnotation(added.type | None).resolve(), added, owner


def demands(type_: Any, schema: Any, above: Sequence[type] = ()) -> Demands | None:
    """What tells of values of a type in a composed schema which permissions it takes to give them: those of the fields that
    plugins have added. None where it never takes any."""
    if isinstance(type_, StrawberryContainer):  # a list, an Optional or a Maybe
        part = demands(type_.of_type, schema, above)
        return _of_each(part) if part is not None and isinstance(type_, StrawberryList) else part
    if type_ in above or not has_object_definition(type_):
        return None
    inside = (*above, type_)
    fields = {name: demands(of, schema, inside) for name, _, of in _own_fields(type_, schema)}
    fields |= {
        name: _demanding(added, demands(of, schema, inside)) for name, of, added, _ in _added_fields(type_, schema)
    }
    demanding = {name: demanded for name, demanded in fields.items() if demanded is not None}
    return _of_fields(demanding) if demanding else None


def _demanding(added: Any, inside: Demands | None) -> Demands | None:
    needs, free = added.needs, added.free
    if needs is None:
        return inside

    def demanded(value: Any) -> Iterator[str]:
        if value not in free:
            yield needs
        if inside is not None:
            yield from inside(value)

    return demanded


def _of_each(part: Demands) -> Demands:
    return lambda values: (needed for value in values or () for needed in part(value))


def _of_fields(fields: Mapping[str, Demands]) -> Demands:
    def demanded(value: Any) -> Iterator[str]:
        for name, of_field in fields.items():
            if value is not None and name in value:
                yield from of_field(value[name])

    return demanded


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
    if cls in above or not (definition.from_input is None or issubclass(cls, ExtensibleInput)):
        return None
    fields = {}
    for name, python_name, type_ in _own_fields(cls, schema):
        read = reader(type_, schema, (*above, cls))
        if read is None:
            return None
        fields[name] = python_name, read
    added = {}
    for name, type_, _, owner in _added_fields(cls, schema):
        read = reader(type_, schema, (*above, cls))
        if read is None:
            return None
        added[name] = owner, read
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

    def read_extended(value: Any) -> Any:
        attributes: dict[str, Any] = dict.fromkeys(absent)
        extras: dict[str, dict[str, Any]] = {}
        for name, part in value.items():
            if name in added:
                owner, read = added[name]
                extras.setdefault(owner, {})[name] = read(part)
            else:
                python_name, read = fields[name]
                attributes[python_name] = read(part)
        return cls(**attributes, extras=extras)

    return read_extended if added else read_object
