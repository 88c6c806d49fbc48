"""What requires which permission in a composed schema: the check that nothing is forgotten, and the list for people."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.types.base import get_object_definition

from regulars_schema.composition.contributions import BreakdownBy
from regulars_schema.request.permissions import definition_of, needs_of, own_types, permission_of

ASKS_BY_ITSELF = frozenset({("Query", "node"), ("Query", "nodes")})
"""The fields that ask for the permission of whatever objects they find."""

BESIDE_THE_SCHEMA: Mapping[str, str] = {
    "metrics.view": "`GET /metrics`",
    "schema.introspect": "`__schema`, `__type`, `GET /schema.graphql`, and suggestions in errors",
}
"""What asks for permissions of core's that no part of the schema needs."""


def unguarded(schema: GraphQLSchema) -> Sequence[str]:
    """What is wrong: types that do not say who may see them, and fields that lead past a type's permission."""
    mistakes, required = [], {}
    for type_ in own_types(schema):
        try:
            required[type_.name] = permission_of(definition_of(type_))
        except LookupError:
            mistakes.append(f"The type {type_.name} does not say who may see it: write `@requires(…)` on its class")
    for type_ in own_types(schema):
        for name, field in type_.fields.items():
            if (type_.name, name) in ASKS_BY_ITSELF:
                continue
            held = {None, required.get(type_.name), needs_of(field)}
            mistakes += [
                f'{type_.name}.{name} leads to {target.name}, so it must say needs="{required[target.name]}" and be nullable'
                for target in _objects(schema, get_named_type(field.type))
                if required.get(target.name) not in held
            ]
    return mistakes


def _objects(schema: GraphQLSchema, named: Any) -> Sequence[GraphQLObjectType]:
    if isinstance(named, GraphQLInterfaceType):
        return schema.get_possible_types(named)
    return [named] if isinstance(named, GraphQLObjectType) else []


def permission_map(schema: Any) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Permission → kind of thing → the names of the things that require it. A field requires its own permission, or else that
    of its type. Inputs are the fields that plugins have added to those of others."""
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for type_ in own_types(schema._schema):
        definition = definition_of(type_)
        if definition.type_var_map:
            continue  # a page tells what its entries tell
        kind = {"Query": "Root fields", "Mutation": "Mutations"}.get(type_.name, "Fields")
        for name, field in type_.fields.items():
            if permission := needs_of(field) or permission_of(definition):
                names[permission][kind].append(name if kind != "Fields" else f"{type_.name}.{name}")
    for permission, kind, name in _added(schema):
        names[permission][kind].append(name)
    return {permission: {kind: sorted(these) for kind, these in kinds.items()} for permission, kinds in names.items()}


def _added(schema: Any) -> Iterator[tuple[str, str, str]]:
    """What of filters, orders and open inputs requires which permission: the permission, the kind of thing, its name."""
    for where, leaves in schema.leaves.items():
        for leaf in leaves.values():
            for needed in filter(None, (leaf.needs, leaf.otherwise)):
                yield needed, "Filters", f"{get_object_definition(where, strict=True).name}.{leaf.name}"
    for enum, sorts in schema.sorts.items():
        for name, sort in sorts.items():
            for needed in filter(None, (sort.needs, sort.otherwise)):
                yield needed, "Orders", f"{enum.__name__}.{name}"
    for one in schema.vocabularies.values():
        yield one.needs, "Vocabularies", one.name
    for one in schema.breakdowns.values():
        if one.needs and schema.get_type_by_name(BreakdownBy.__name__) is not None:
            yield one.needs, "Breakdowns", one.name
    for input_, added in schema.inputs.items():
        for name, (_, one) in added.items():
            if one.needs:
                yield one.needs, "Inputs", f"{get_object_definition(input_, strict=True).name}.{name}"
