"""Every type that contributions bring into a schema, also those that only fields, arguments or inputs lead to.

Strawberry finds two types of one name as well, but not if they look alike, and it cannot say whose they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.name_converter import NameConverter
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution
from regulars_schema.types.scalars import SCALARS

_NAMES = NameConverter()
_SCALARS = {
    scalar.name: marker
    for marker, scalar in (*DEFAULT_SCALAR_REGISTRY.items(), *SCALARS.items())
    if scalar.name != "Upload"  # of a multipart request, which is not taken here; the name is one of our own types'
}


def types_of(contributions: Sequence[Contribution]) -> Iterator[tuple[str, object, str]]:
    """The name of every type, what defines it, and the first owner that leads to it; a name comes again where it is
    defined twice. Scalars are core's."""
    seen: set[tuple[str, object]] = set()
    for name, marker in _SCALARS.items():
        yield name, marker, CORE
    for contribution in contributions:
        for sort in contribution.sorts:
            yield sort.enum.__name__, sort.enum, contribution.owner
        ahead = list(_beginnings(contribution))
        while ahead:
            type_ = _bare(ahead.pop())
            name, source = _identity(type_)
            if source is None or (name, source) in seen:
                continue
            seen.add((name, source))
            yield name, source, contribution.owner
            if definition := get_object_definition(type_):
                ahead += [interface.origin for interface in definition.interfaces]
                ahead += [part for field in definition.fields for part in _around(field)]


def _beginnings(one: Contribution) -> Iterator[Any]:
    yield from one.types
    for extension in one.extensions:
        if one.owner == CORE:  # plugins extend what is there already
            yield extension.type
        for field in extension.fields:
            yield from _around(field)
    for annotation in (*(leaf.comparison for leaf in one.leaves), *(added.type for added in one.inputs)):
        yield StrawberryAnnotation(annotation).resolve()


def _around(field: StrawberryField) -> Iterable[Any]:
    return [field.resolve_type(), *(argument.type for argument in field.arguments)]


def _bare(type_: Any) -> Any:
    """Without lists, and whatever may be absent."""
    while True:
        if isinstance(type_, LazyType):
            type_ = type_.resolve_type()
        elif hasattr(type_, "of_type"):
            type_ = type_.of_type
        else:
            return type_


def _identity(type_: Any) -> tuple[str, object]:
    """The name of a type and the class that it is written as; copies of a generic class have that one."""
    if isinstance(type_, StrawberryEnumDefinition):
        return _NAMES.from_type(type_), type_.wrapped_cls
    definition = get_object_definition(type_)
    if definition is None or definition.is_graphql_generic:
        return "", None
    return _NAMES.from_type(definition), (definition.concrete_of or definition).origin
