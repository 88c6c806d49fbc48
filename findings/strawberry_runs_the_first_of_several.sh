#!/usr/bin/env bash
# Strawberry runs the first of several operations if none is named; the specification asks for an error.
#
# Expected: a document with two named operations and no operationName is refused, as graphql-core does, and as the
#   specification says (https://spec.graphql.org/October2021/#GetOperation()). A client that forgot the name learns of it.
# Seen: the first operation is run, without an error. A client that meant the second gets the wrong answer; if the
#   first is a mutation, it is carried out.
# With: strawberry-graphql 0.341.2, graphql-core 3.3.2, Python 3.11.
# Source: https://strawberry.rocks/docs/types/schema
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2

cat > both.py <<'PY'
import strawberry
from graphql import build_schema, graphql_sync

DOCUMENT = "query First { one } query Second { two }"


@strawberry.type
class Query:
    one: int = 1
    two: int = 2


theirs = graphql_sync(build_schema("type Query { one: Int two: Int }"), DOCUMENT, {"one": 1, "two": 2})
print("graphql-core:", theirs.data, [error.message for error in theirs.errors or ()])
seen = strawberry.Schema(Query).execute_sync(DOCUMENT, root_value=Query())
print("strawberry:  ", seen.data, [error.message for error in seen.errors or ()])
assert theirs.data is None and theirs.errors
assert seen.data == {"one": 1} and not seen.errors
PY
venv/bin/python both.py
