"""Every field of the query and every mutation, tried with every role: nobody gets what the role does not hold."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    is_required_argument,
    is_required_input_field,
)

from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import PERMISSIONS, ROLES
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api

EVERYBODY = {
    "node",
    "ruleKinds",
    "shop",
    "viewer",
    "bulkJobs",
    "bulkJobCancel",
    "fileLinkCreate",
    "nodes",
    "vocabulary",
}  # of bulk jobs and their files those that the caller asked for
"""What needs no permission of its own; `node` and `nodes` ask for that of the object, `vocabulary` for that of the words."""
NOBODY = "a role that is not there"
_VALUES = {"Decimal": "1.00", "Int": 1, "Boolean": True, "DateTime": "2026-01-01T00:00:00Z"}

Asked = tuple[str, str, dict[str, Any], str | None]
"""A root field, the document that asks for it, its variables, and the permission it needs."""


def sample(kind: GraphQLInputType) -> Any:
    """A value that a type accepts, with what is required and no more."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        return {name: sample(field.type) for name, field in kind.fields.items() if is_required_input_field(field)}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    assert isinstance(kind, GraphQLScalarType), kind
    return _VALUES.get(kind.name, "x")


def needed(field: Any) -> str | None:
    """The permission that stands on a field."""
    metadata = getattr(field.extensions["strawberry-definition"], "metadata", {})
    found: str | None = metadata.get("needs")
    return found


def roots(schema: ComposedSchema) -> Iterator[tuple[str, str, Any]]:
    for operation, type_ in (("query", schema._schema.query_type), ("mutation", schema._schema.mutation_type)):
        assert isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items():
            yield operation, name, field


def everything(schema: ComposedSchema) -> Iterator[Asked]:
    """Each root field of the schema."""
    for operation, name, field in roots(schema):
        given = {key: arg for key, arg in field.args.items() if is_required_argument(arg)}
        declared = ", ".join(f"${key}: {arg.type}" for key, arg in given.items())
        passed = ", ".join(f"{key}: ${key}" for key in given)
        head = f"{operation}({declared}) {{ {name}({passed})" if given else f"{operation} {{ {name}"
        selection = " { __typename } }" if name != "customerSearch" else " { id } }"
        yield name, head + selection, {key: sample(arg.type) for key, arg in given.items()}, needed(field)


def test_every_root_field_says_what_it_needs() -> None:
    for _, name, field in roots(build_schema()):
        needs = needed(field)
        assert (needs is None) == (name in EVERYBODY), f"{name} has no permission"
        if needs is not None:
            assert needs in PERMISSIONS
            assert f" Needs `{needs}`." in field.description, name
        assert not isinstance(field.type, GraphQLNonNull), name


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
async def test_nobody_gets_what_the_role_does_not_hold(shop: Shop, schema: ComposedSchema, role: str) -> None:
    api = Api(schema, shop, Actor.of_role("key", "till", role))
    for name, document, variables, needs in everything(schema):
        if needs is None:
            continue
        if not api.actor.may(needs):
            answer = await api.ask(document, **variables)
            assert answer.codes == ["FORBIDDEN"], (role, name, answer.errors)
            assert answer.data == {name: None}
            assert answer.errors[0]["extensions"]["permission"] == needs
        elif document.startswith("query"):
            assert "FORBIDDEN" not in (await api.ask(document, **variables)).codes, (role, name)
    for table in ("audit", "idempotency_key"):
        assert not await shop.database.rows(f"SELECT * FROM {table}")


async def test_a_level_is_refused_once(api: Api) -> None:
    for n in range(3):
        made = await api.done("customerCreate", "customer { id }", {"firstName": "A", "lastName": f"{n}"})
        await api.done("noteAdd", "note { id }", {"customerId": made["customer"]["id"], "body": "Hi"})
    terminal = Api(api.schema, api.shop, Actor.of_role("key", "till", "store_terminal"))
    answer = await terminal.ask("{ customers { nodes { code notes { totalCount } stats { purchaseCount } } } }")
    assert [node["notes"] for node in answer.data["customers"]["nodes"]] == [None] * 3
    assert [node["stats"]["purchaseCount"] for node in answer.data["customers"]["nodes"]] == [0] * 3
    [error] = answer.errors
    assert error["extensions"] == {
        "code": "FORBIDDEN",
        "permission": "notes.view",
        "refused": 3,
        "retryable": False,
    }


async def test_node_asks_for_the_permission_of_the_object(api: Api) -> None:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "A", "lastName": "B"})
    note = await api.done("noteAdd", "note { id }", {"customerId": made["customer"]["id"], "body": "Hi"})
    terminal = Api(api.schema, api.shop, Actor.of_role("key", "till", "store_terminal"))
    asked = "query($id: ID!) { node(id: $id) { id } }"
    assert (await terminal.ask(asked, id=made["customer"]["id"])).errors == []
    assert (await terminal.ask(asked, id=note["note"]["id"])).codes == ["FORBIDDEN"]
    kinds = {kind.kind: kind.needs for kind in api.schema.nodes.values()}
    assert kinds.pop("job") is kinds.pop("file") is None  # which whoever asked for a job may see
    assert set(kinds.values()) <= set(PERMISSIONS)


async def test_the_viewer_sees_the_permissions(api: Api) -> None:
    assert (await api.data("{ viewer { permissions } }"))["viewer"]["permissions"] == sorted(PERMISSIONS)
    terminal = Api(api.schema, api.shop, Actor.of_role("key", "till", "store_terminal"))
    held = (await terminal.data("{ viewer { permissions } }"))["viewer"]["permissions"]
    assert held == sorted(ROLES["store_terminal"])
    assert all(role <= set(PERMISSIONS) for role in ROLES.values())
