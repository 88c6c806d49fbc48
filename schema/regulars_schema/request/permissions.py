"""Who may see what: the permissions on types and fields, and what becomes of a refusal.

A type says which permission its objects require (`requires`), and whatever leads to them needs it. A field that needs
more than its type says so (`guarded` over an attribute, `needs=` over a function); what is refused is null, and told once
for each place in the document.
"""

from collections.abc import Callable, Iterator
from inspect import iscoroutine
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError, GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.field import StrawberryField

from regulars_core.primitives.errors import Forbidden
from regulars_schema.request.context import GraphQLContext

T = TypeVar("T")
REQUIRES = "__requires__"


def requires(permission: str | None) -> Callable[[type[T]], type[T]]:
    """A class decorator: the permission that it takes to see objects of a type. None is everybody's: for values that tell
    nothing by themselves, such as an amount of money, and for payloads, whose fields lead to guarded types."""

    def declare(type_: type[T]) -> type[T]:
        setattr(type_, REQUIRES, permission)
        return type_

    return declare


def permission_of(definition: StrawberryObjectDefinition) -> str | None:
    """The permission that a type requires; a page and its entries require that of what they list.

    Raises LookupError for a type that does not say it.
    """
    for listed in definition.type_var_map.values():
        return permission_of(get_object_definition(listed, strict=True))
    try:
        permission: str | None = getattr(definition.origin, REQUIRES)
    except AttributeError:
        raise LookupError(definition.name) from None
    return permission


def needing(description: str, needs: str | None, otherwise: str | None = None, *, shop_wide: bool = False) -> str:
    """A description that also tells the permission, and another one that will do."""
    if needs is None:
        return description
    or_else = f", or `{otherwise}`" if otherwise else ""
    return f"{description} Needs `{needs}`{' in the whole shop' if shop_wide else ''}{or_else}."


def guarded(needs: str, *, description: str, most: int = 1, **options: Any) -> Any:
    """A field over an attribute of its parent's row that needs a permission beyond its type's own; it must be nullable.
    A list that can be long says how many it holds at `most`, and costs as much."""
    return strawberry.field(description=needing(description, needs), metadata={"needs": needs, "most": most}, **options)


def definition_of(part: GraphQLObjectType | GraphQLField) -> Any:
    """What a part of a composed schema was made from."""
    return part.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def needs_of(field: GraphQLField) -> str | None:
    """The permission that a field of a composed schema needs beyond its type's own."""
    definition = definition_of(field)
    needs: str | None = definition.metadata.get("needs") if isinstance(definition, StrawberryField) else None
    return needs


def owner_of(field: GraphQLField) -> str | None:
    """The plugin that has added a field of a composed schema to a type of somebody else's; None for core's."""
    definition = definition_of(field)
    owner: str | None = definition.metadata.get("owner") if isinstance(definition, StrawberryField) else None
    return owner


def most_of(field: GraphQLField) -> int:
    """How many objects a field of a composed schema declares to hold at most; 1 if it declares nothing."""
    definition = definition_of(field)
    return int(definition.metadata.get("most", 1)) if isinstance(definition, StrawberryField) else 1


def sized_by(field: GraphQLField) -> str | None:
    """The argument as long as which a list of a composed schema declares to be."""
    definition = definition_of(field)
    name: str | None = definition.metadata.get("sized_by") if isinstance(definition, StrawberryField) else None
    return name


def is_sized_inside(field: GraphQLField) -> bool:
    """Whether a list inside of such a one declares to be as long as what lies in the entries of its argument."""
    definition = definition_of(field)
    return isinstance(definition, StrawberryField) and bool(definition.metadata.get("sized_inside"))


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """The object types of a composed schema, without those of introspection."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            yield type_


def guard(schema: GraphQLSchema) -> None:
    """Let every field of a schema ask for its permission before it is resolved, and for those of its arguments.

    Raises TypeError for a field that needs a permission and is not nullable.
    """
    for type_ in own_types(schema):
        for name, field in type_.fields.items():
            needs, nullable = needs_of(field), not isinstance(field.type, GraphQLNonNull)
            if needs is not None and not nullable:
                raise TypeError(f"{type_.name}.{name} needs {needs}, so it must be nullable: what is refused is null")
            if needs is not None:
                field.resolve = _asking(field.resolve, needs)
            if may_be_refused(field) and nullable:
                field.resolve = _refusing(field.resolve)
            if (owner := owner_of(field)) is not None:
                field.resolve = _caught_up(field.resolve, owner)


def _caught_up(resolve: Any, owner: str) -> Any:
    def answer(parent: Any, info: Any, **arguments: Any) -> Any:
        info.context.request.shop.refuse_behind(owner)
        return resolve(parent, info, **arguments)

    return answer


def may_be_refused(field: GraphQLField) -> bool:
    """Whether a field is refused by what it finds, beyond the permission that it needs: by what its arguments ask for, or since
    it says so of itself, such as one that asks what somebody has stored."""
    definition = definition_of(field)
    return bool(field.args) or (isinstance(definition, StrawberryField) and bool(definition.metadata.get("refuses")))


def _asking(resolve: Any, needs: str) -> Any:
    def ask(parent: Any, info: Any, **arguments: Any) -> Any:
        if info.context.request.actor.may(needs):
            return resolve(parent, info, **arguments)
        return info.context.refuse(needs, info)

    return ask


def _refusing(resolve: Any) -> Any:
    """Arguments ask too: for the conditions and orders that they hold, and for the object that an id stands for."""

    def noted(refusal: Forbidden, info: Any) -> Any:
        return info.context.refuse(refusal.permission, info, shop_wide=refusal.shop_wide, store=refusal.store)

    async def wait(answer: Any, info: Any) -> Any:
        try:
            return await answer
        except Forbidden as refusal:
            return noted(refusal, info)

    def refuse(parent: Any, info: Any, **arguments: Any) -> Any:
        try:
            answer = resolve(parent, info, **arguments)
        except Forbidden as refusal:
            return noted(refusal, info)
        return wait(answer, info) if iscoroutine(answer) else answer

    return refuse


def tell_refusals(context: GraphQLContext, result: Any) -> None:
    """Add one error for each refusal of a request to its result."""
    if context.refusals:
        errors = [
            GraphQLError(
                str(
                    error := Forbidden(
                        refusal.permission, refusal.count, shop_wide=refusal.shop_wide, store=refusal.store
                    )
                ),
                nodes=refusal.nodes,
                path=refusal.path,
                original_error=error,
            )
            for refusal in context.refusals.values()
        ]
        result.errors = [*(result.errors or ()), *errors]
