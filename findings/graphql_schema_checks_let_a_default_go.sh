#!/usr/bin/env bash
# To graphql-core and graphql-inspector it is no breaking change when the default of a non-null argument is taken away, though it is needed then.
#
# Expected: BREAKING, as for a new argument that is needed: `customers(first: Int! = 20)` may be left out, `customers(first: Int!)` may not, and
#   the specification calls an argument required that is non-null and has no default.
# Seen: both call it dangerous, for the default "was changed" or "was removed", in the same words as for a nullable argument, where nothing is
#   refused. A CI that stops at breaking changes lets it pass, and each document without the argument is invalid from then on.
# With: graphql-core 3.3.2, graphql-inspector 8.0.0 with graphql 16.15.0, Python 3.11, Node.js 20.
# Source: https://spec.graphql.org/September2025/#sec-Required-Arguments, https://the-guild.dev/graphql/inspector/docs/commands/diff
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check graphql-core==3.3.2
npm install --silent --no-audit --no-fund --ignore-scripts @graphql-inspector/core@8.0.0 graphql@16.15.0

echo 'type Query { customers(first: Int! = 20): [ID!]! }' > before.graphql
echo 'type Query { customers(first: Int!): [ID!]! }' > after.graphql
echo 'type Query { customers: [ID!]! }' > without.graphql

cat > defaults.py <<'PY'
from pathlib import Path

from graphql import build_schema, parse, validate
from graphql.utilities import find_breaking_changes, find_dangerous_changes

before, after, without = (build_schema(Path(f"{name}.graphql").read_text()) for name in ("before", "after", "without"))
mistakes = [len(validate(schema, parse("{ customers }"))) for schema in (before, after)]
print(f"mistakes of {{ customers }} before and after: {mistakes}")
print(f"graphql-core: breaking {find_breaking_changes(before, after)}, dangerous {find_dangerous_changes(before, after)}")
assert mistakes == [0, 1]
assert find_breaking_changes(before, after) == [] and len(find_dangerous_changes(before, after)) == 1
assert len(find_breaking_changes(without, after)) == 1
PY
cat > defaults.mjs <<'JS'
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

const [before, after, without] = ['before', 'after', 'without'].map(name => buildSchema(readFileSync(`${name}.graphql`, 'utf8')))
const levels = async (one, other) => (await diff(one, other)).map(change => change.criticality.level)
console.log(`graphql-inspector: ${await levels(before, after)}; where the argument is new: ${await levels(without, after)}`)
assert.deepStrictEqual(await levels(before, after), ['DANGEROUS'])
assert.deepStrictEqual(await levels(without, after), ['BREAKING'])
JS
venv/bin/python defaults.py
node defaults.mjs
