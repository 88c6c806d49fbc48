"""Ready files for frontend teams: what their tools must know of the schema, plugins included, in each tool's own words.

`files/` holds them with places in double braces, which are filled here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_object_type, is_scalar_type
from graphql import build_schema as built
from graphql.type import is_specified_scalar_type

_CURSORS = frozenset({"after", "before"})
_GQL = {
    "BigInt": "serialize=str, parse_value=int",
    "Date": "serialize=date.isoformat, parse_value=date.fromisoformat",
    "DateTime": "serialize=_instant, parse_value=datetime.fromisoformat",
    "Decimal": "serialize=str, parse_value=Decimal",
}
_PYTHON = {"BigInt": "int", "Date": "datetime.date", "DateTime": "datetime.datetime", "Decimal": "decimal.Decimal"}
_TREES = frozenset({"CustomerFilter"})
"""Scalars that hold JSON in the shape of `CustomerWhere`; all others of ours are strings."""


def ready_files(sdl: str) -> Mapping[str, str]:
    """The files for a printed schema, by their names."""
    schema = built(sdl)
    places = _places(schema)
    made = {}
    for file in sorted(files(__package__).joinpath("files").iterdir(), key=lambda file: file.name):
        text = file.read_text(encoding="utf-8")
        for place, filling in places.items():
            text = text.replace(f"{{{{{place}}}}}", filling)
        made[file.name.removesuffix(".in")] = text
    return made


def _places(schema: GraphQLSchema) -> Mapping[str, str]:
    objects = [type_ for type_ in schema.type_map.values() if is_object_type(type_) and not type_.name.startswith("__")]
    keyless = sorted(type_.name for type_ in objects if _is_keyless(type_, schema))
    scalars = sorted(
        name for name, type_ in schema.type_map.items() if is_scalar_type(type_) and not is_specified_scalar_type(type_)
    )
    pages = {type_.name: found for type_ in objects if (found := _pages(type_))}
    possible = {
        name: sorted(one.name for one in schema.get_possible_types(type_))
        for name, type_ in schema.type_map.items()
        if is_abstract_type(type_)
    }
    return {
        "possible_types": _typescript(dict(sorted(possible.items()))),
        "keyless": _typescript(keyless),
        "keyless_data": _typescript([name for name in keyless if not name.endswith("Payload")]),
        "pages": _typescript(dict(sorted(pages.items()))),
        "relay_scalars": _json({name: "unknown" if name in _TREES else "string" for name in scalars}),
        "codegen_scalars": "\n".join(
            f"        {name}: {'CustomerWhere' if name in _TREES else 'string'}" for name in scalars
        ),
        "ariadne_scalars": "\n\n".join(_ariadne(scalars)),
        "gql_scalars": "\n".join(f'    GraphQLScalarType("{name}", {how}),' for name, how in _GQL.items()),
    }


def _is_keyless(type_: GraphQLObjectType, schema: GraphQLSchema) -> bool:
    """Whether a cache that goes by ids has nothing to go by, and does not know by itself that this is so."""
    known = type_ in (schema.query_type, schema.mutation_type) or type_.name.endswith(
        ("Connection", "Edge", "PageInfo")
    )
    return not known and "id" not in type_.fields


def _pages(type_: GraphQLObjectType) -> Mapping[str, Sequence[str]]:
    """The fields of a type that answer pages, with the arguments that decide which list they are of."""
    return {
        name: sorted(argument for argument in field.args if argument not in _CURSORS)
        for name, field in sorted(type_.fields.items())
        if get_named_type(field.type).name.endswith("Connection") and field.args.keys() >= _CURSORS
    }


def _ariadne(scalars: Sequence[str]) -> Iterable[str]:
    for name in scalars:
        type_ = "typing.Any" if name in _TREES else _PYTHON.get(name, "str")
        yield f'[tool.ariadne-codegen.scalars.{name}]\ntype = "{type_}"'


def _json(value: Any) -> str:
    return json.dumps(value, indent=2).replace("\n", "\n  ")


def _typescript(value: Any) -> str:
    """As our own formatter would break it: one entry a line, lists of names in one."""
    if isinstance(value, dict):
        entries = "".join(f"\n  {name}: {_typescript_list(one)}," for name, one in value.items())
        return f"{{{entries}\n}}"
    return "[" + "".join(f"\n  '{name}'," for name in value) + "\n]"


def _typescript_list(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name}: {_typescript_list(one)}" for name, one in value.items()) + " }"
    return "[" + ", ".join(f"'{name}'" for name in value) + "]"
