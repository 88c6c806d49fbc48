"""Ways through a schema: from a root to every field of every type, with the permissions that stand on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType, get_named_type

from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.permissions import needs_of

BY_ARGUMENT = {"vocabulary": "customers.view"}
"""What a root field asks for that goes by its argument, given those of the tests."""
LEADS_NOWHERE = frozenset({"Viewer.stores", "RoleBinding.stores"})
"""Empty for callers that are bound to no stores; there are other ways to what lies behind."""


@dataclass(frozen=True)
class Way:
    """Fields from a root to one at the end, each as it is written, with its name and the permission that it needs."""

    steps: tuple[tuple[str, str, str | None], ...] = ()

    def further(self, name: str, field: GraphQLField, arguments: str = "") -> "Way":
        return replace(self, steps=(*self.steps, (name + arguments, name, BY_ARGUMENT.get(name) or needs_of(field))))

    def document(self, selection: str = "") -> str:
        """A query for what lies at the end."""
        written = [step[0] for step in self.steps]
        return " { ".join(["", *written]) + selection + " }" * len(written)

    def refused_at(self, may: Any) -> int | None:
        """The first step that a caller may not take."""
        return next((n for n, (_, _, needs) in enumerate(self.steps) if needs and not may(needs)), None)

    def found(self, data: Any, steps: int | None = None) -> list[Any]:
        """What lies at the end in an answer, or after so many steps; lists are walked through."""
        here = [data]
        for _, name, _ in self.steps[:steps]:
            here = [
                part[name] for one in here for part in (one if isinstance(one, list) else [one]) if part is not None
            ]
        return here


def bare(field: GraphQLField) -> str:
    """A selection for a field of a composite type, which names nothing but the type."""
    named = get_named_type(field.type)
    return " { __typename }" if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) else ""


def ways(schema: ComposedSchema, arguments: Mapping[str, str]) -> Iterator[tuple[str, Way, GraphQLField]]:
    """The shortest way to every field of every type that the query leads to: its name, the way, and the field.

    `arguments` are those of root fields, by name, and of others that need some, by type and name.
    """
    query = schema._schema.query_type
    assert query is not None
    waiting: list[tuple[GraphQLObjectType, Way]] = [(query, Way())]
    seen = {query.name}
    while waiting:
        type_, way = waiting.pop(0)
        for name, field in type_.fields.items():
            if (type_.name, name) in {("Query", "node"), ("Query", "nodes")}:
                continue
            given = arguments.get(name if type_ is query else f"{type_.name}.{name}", "")
            further = way.further(name, field, given)
            yield f"{type_.name}.{name}", further, field
            target = get_named_type(field.type)
            followed = f"{type_.name}.{name}" not in LEADS_NOWHERE and target.name not in seen
            if isinstance(target, GraphQLObjectType) and followed:
                seen.add(target.name)
                waiting.append((target, further))


def links(schema: ComposedSchema) -> Sequence[tuple[GraphQLObjectType, str, GraphQLField]]:
    """Every field of every object type but introspection's."""
    return [
        (type_, name, field)
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
    ]


def nullable(field: GraphQLField) -> bool:
    """Whether a field may be null."""
    return not isinstance(field.type, GraphQLNonNull)
