"""Who brings a type into the schema that only fields, arguments or inputs lead to."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.lazy_type import LazyType

from regulars_core.plugins import CORE

if TYPE_CHECKING:
    from strawberry.exceptions import DuplicatedTypeName
    from strawberry.types.field import StrawberryField

    from regulars_schema.composition import Contribution

UNKNOWN = "?"


def owner_of(cls: type, contributions: Sequence["Contribution"]) -> str:
    """The first owner whose contributions lead to a class; UNKNOWN if none does."""
    return next((one.owner for one in contributions if cls in _reached(_beginnings(one))), UNKNOWN)


def told_of(clash: "DuplicatedTypeName", contributions: Sequence["Contribution"]) -> str:
    """Whose two types have one name, where Strawberry found them."""
    classes = [cls for cls in (clash.first_cls, clash.second_cls) if cls is not None]
    if not classes:  # scalars and unions have none
        return clash.message
    order = list(dict.fromkeys(one.owner for one in contributions))
    elder, later = sorted((owner_of(cls, contributions) for cls in classes), key=[*order, UNKNOWN].index)
    name = vars(classes[0])["__strawberry_definition__"].name
    return f"The type {name} is defined by '{elder}' and by '{later}'"


def _beginnings(one: "Contribution") -> Iterable[Any]:
    yield from one.types
    for extension in one.extensions:
        if one.owner == CORE:  # core's own types join as extensions of nothing; plugins' extend those that are there
            yield extension.type
        for field in extension.fields:
            yield from _around(field)
    for annotation in (*(leaf.comparison for leaf in one.leaves), *(added.type for added in one.inputs)):
        yield StrawberryAnnotation(annotation).resolve()


def _around(field: "StrawberryField") -> Iterable[Any]:
    yield field.resolve_type()
    for argument in field.arguments:
        yield argument.type


def _reached(beginnings: Iterable[Any]) -> set[type]:
    found: set[type] = set()
    ahead = list(beginnings)
    while ahead:
        type_ = ahead.pop()
        if isinstance(type_, LazyType):
            type_ = type_.resolve_type()
        while hasattr(type_, "of_type"):  # lists and what may be absent
            type_ = type_.of_type
        if isinstance(type_, StrawberryEnumDefinition):
            type_ = type_.wrapped_cls
        if not isinstance(type_, type) or type_ in found:
            continue
        found.add(type_)
        if definition := get_object_definition(type_):
            ahead += [interface.origin for interface in definition.interfaces]
            ahead += [part for field in definition.fields for part in _around(field)]
    return found
