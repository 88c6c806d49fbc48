#!/usr/bin/env bash
# A method by ariadne-codegen demands a variable that is non-null and has a default, which a request may leave out.
#
# Expected: `query Many($first: Int! = 20)` is a method whose `first` can be left out, as it is where the variable is `Int = 20`. A variable with a
#   default is optional by the specification, whatever its type, and graphql-codegen's types say so.
# Seen: `first` is a positional argument without a default. Who writes `Int! = 20`, so that null is refused, has to repeat the 20 at every call,
#   and a default that is changed in the document changes nothing.
# With: ariadne-codegen 0.19.0, Python 3.11.
# Source: https://spec.graphql.org/September2025/#sec-All-Variable-Usages-Are-Allowed, https://github.com/mirumee/ariadne-codegen
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ariadne-codegen==0.19.0

echo 'type Query { customers(first: Int!): [ID!]! }' > schema.graphql
cat > queries.graphql <<'GRAPHQL'
query Nullable($first: Int = 20) { customers(first: $first) }
query Many($first: Int! = 20) { customers(first: $first) }
query Needed($first: Int!) { customers(first: $first) }
GRAPHQL
cat > client.toml <<'TOML'
[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "queries.graphql"
target_package_name = "client"
TOML
venv/bin/ariadne-codegen --config client.toml client >/dev/null
cat > optional.py <<'PY'
from inspect import Parameter, signature

from client import Client

first = {name: signature(getattr(Client, name)).parameters["first"] for name in ("nullable", "many", "needed")}
optional = {name: parameter.default is not Parameter.empty for name, parameter in first.items()}
print(f"`first` can be left out: {optional}")
assert optional == {"nullable": True, "many": False, "needed": False}
PY
venv/bin/python optional.py
