#!/usr/bin/env bash
# The scalar USCurrency of graphql-scalars cannot read what it writes from a million on: "$1,234,567.89" is read as $1,234.00.
#
# Expected: a scalar reads what it writes. "$1,234.50", with a sign between thousands, is read right.
# Seen: the first comma is taken away and no other, and the number ends where the second one stands. A turnover or a budget that a form got from
#   the API and sends back is a thousandth of what it was, without an error.
# With: graphql-scalars 2.0.0, graphql 16.15.0, Node.js 20.
# Source: https://the-guild.dev/graphql/scalars/docs/scalars/us-currency
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts graphql-scalars@2.0.0 graphql@16.15.0

cat > million.cjs <<'JS'
const assert = require('node:assert')
const { GraphQLUSCurrency: scalar } = require('graphql-scalars')

const again = cents => scalar.parseValue(scalar.serialize(cents))
for (const cents of [123450, 99999950, 123456789]) console.log(`${cents} is written ${scalar.serialize(cents)} and read ${again(cents)}`)
assert.deepStrictEqual([again(123450), again(99999950)], [123450, 99999950])
assert.strictEqual(scalar.serialize(123456789), '$1,234,567.89')
assert.strictEqual(again(123456789), 123400)
JS
node million.cjs
