#!/usr/bin/env bash
# A mistake in a variable for a Strawberry input of which exactly one field is given is told without variable, way and location.
#
# Expected: as for every other bad value in variables: "Variable '$asked' has invalid value at .by: …" with the location of the variable, and
#   all mistakes of the variables together. `type.is_one_of` is True for what the printed schema says `@oneOf` of.
# Seen: is_one_of is False; the check is made while values are coerced, so its message names neither variable nor way, has no location, and
#   ends the coercion: the second variable, which is wrong too, is not told.
# With: strawberry-graphql 0.341.2, graphql-core 3.3.2, Python 3.11.
# Source: https://strawberry.rocks/docs/types/input-types#one-of-input-types
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2

cat > one_of.py <<'PY'
import strawberry
from graphql import build_schema, graphql_sync

DOCUMENT = "query($asked: Asked!, $often: Int!) { who(asked: $asked, often: $often) }"
VARIABLES = {"asked": {"by": {}}, "often": "many"}


@strawberry.input(one_of=True)
class By:
    name: strawberry.Maybe[str]
    age: strawberry.Maybe[int]


@strawberry.input
class Asked:
    by: By


@strawberry.type
class Query:
    @strawberry.field
    def who(self, asked: Asked, often: int) -> str:
        return "somebody"


schema = strawberry.Schema(Query)
theirs = graphql_sync(build_schema(schema.as_str()), DOCUMENT, variable_values=VARIABLES)
seen = schema.execute_sync(DOCUMENT, variable_values=VARIABLES)
for name, errors in ("graphql-core:", theirs.errors), ("strawberry:  ", seen.errors):
    print(name, [(error.message, error.locations) for error in errors])
print("is_one_of", schema._schema.type_map["By"].is_one_of)
assert len(theirs.errors) == 2 and all("Variable '$" in error.message and error.locations for error in theirs.errors)
assert not schema._schema.type_map["By"].is_one_of
[only] = seen.errors
assert "$" not in only.message and not only.locations
PY
venv/bin/python one_of.py
