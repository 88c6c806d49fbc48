#!/usr/bin/env bash
# graphql-core's find_breaking_changes sees nothing where an input becomes @oneOf, and neither do its dangerous changes.
#
# Expected: a breaking change. A client that gives two fields of the input, or none, was served yesterday and is refused today; a field that
#   becomes non-null, which refuses less, is told, and graphql-inspector tells this one.
# Seen: both lists are empty, and so is the list of all changes. A check of a schema in CI passes, and tills that gave a customer's id beside
#   the code are refused from the next release on.
# With: graphql-core 3.3.2, and graphql-inspector 8.0.0 with graphql 16.15.0 for comparison, Python 3.11, Node.js 20.
# Source: https://graphql-core-3.readthedocs.io/en/latest/modules/utilities.html, https://spec.graphql.org/September2025/#sec-OneOf-Input-Objects
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check graphql-core==3.3.2
npm install --silent --no-audit --no-fund --ignore-scripts @graphql-inspector/core@8.0.0 graphql@16.15.0

cat > before.graphql <<'SDL'
type Query { customer(by: CustomerKey!): Int }
input CustomerKey { id: ID, code: String }
SDL
sed 's/input CustomerKey/input CustomerKey @oneOf/' before.graphql > after.graphql
sed 's/code: String/code: String!/' before.graphql > needed.graphql

cat > changes.py <<'PY'
from pathlib import Path

from graphql import build_schema, graphql_sync
from graphql.utilities import find_breaking_changes, find_dangerous_changes, find_schema_changes

before, after, needed = (build_schema(Path(f"{name}.graphql").read_text()) for name in ("before", "after", "needed"))
query = 'query($by: CustomerKey!) { customer(by: $by) }'
refused = [
    bool(graphql_sync(schema, query, variable_values={"by": {"id": "1", "code": "A"}}).errors)
    for schema in (before, after)
]
told = [len(find(before, after)) for find in (find_breaking_changes, find_dangerous_changes, find_schema_changes)]
print(f"two fields are refused before and after: {refused}")
print(f"breaking, dangerous and all changes to @oneOf: {told}; to a non-null field: {len(find_breaking_changes(before, needed))}")
assert refused == [False, True]
assert told == [0, 0, 0]
assert len(find_breaking_changes(before, needed)) == 1
PY
cat > changes.mjs <<'JS'
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

const [before, after] = ['before', 'after'].map(name => buildSchema(readFileSync(`${name}.graphql`, 'utf8')))
const told = (await diff(before, after)).map(change => `${change.criticality.level}: ${change.message}`)
console.log(`graphql-inspector: ${told.join('; ')}`)
assert.deepStrictEqual(told, ["BREAKING: Directive 'oneOf' was added to input object 'CustomerKey'"])
JS
venv/bin/python changes.py
node changes.mjs
