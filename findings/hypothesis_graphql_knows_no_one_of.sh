#!/usr/bin/env bash
# hypothesis-graphql makes documents with @oneOf inputs that are not valid.
#
# Expected: "generate arbitrary valid queries for your GraphQL schema". Of an input marked @oneOf, which graphql-core knows and checks,
#   exactly one field is given, and it is not null.
# Seen: most of the documents give both fields, or null; graphql-core refuses them. Whoever generates requests with it (schemathesis
#   does) for a schema that looks customers up by `{id}` or `{code}` tests mostly the error.
# With: hypothesis-graphql 0.13.5, hypothesis 6.170.15, graphql-core 3.3.2, Python 3.11.
# Source: https://github.com/Stranger6667/hypothesis-graphql, https://spec.graphql.org/draft/#sec-OneOf-Input-Objects
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hypothesis-graphql==0.13.5 hypothesis==6.170.15 graphql-core==3.3.2

cat > documents.py <<'PY'
from graphql import build_schema, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import queries

SDL = "input Who%s { id: ID code: String } type Query { customer(who: Who!): String }"


def invalid(sdl: str) -> tuple[int, int]:
    """How many of how many documents are not valid."""
    schema, made = build_schema(sdl), []

    @settings(max_examples=100, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(queries(sdl))
    def look(document: str) -> None:
        made.append(bool(validate(schema, parse(document))))

    look()
    return sum(made), len(made)


plain, one_of = invalid(SDL % ""), invalid(SDL % " @oneOf")
print("without @oneOf: %d of %d are not valid" % plain)
print("with @oneOf:    %d of %d are not valid" % one_of)
assert plain[0] == 0
assert one_of[0] * 4 > one_of[1]
PY
venv/bin/python documents.py
