#!/usr/bin/env bash
# The scalar USCurrency of graphql-scalars reads "$0.29" as 28.999999999999996 cents, and writes that as "$0.28".
#
# Expected: 29. The scalar is described as taking a text such as "$21.25" and formatting it to cents, and it writes back from whole cents;
#   a scalar for money is chosen for exactly this.
# Seen: the text becomes a float that is multiplied by 100. Of the amounts below $1,000.00 one in eleven is no whole number of
#   cents, and those just below one lose it on the way out, since the fraction is cut off: a price comes back a cent lower than it was put in.
# With: graphql-scalars 2.0.0, graphql 16.15.0, Node.js 20.
# Source: https://the-guild.dev/graphql/scalars/docs/scalars/us-currency
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts graphql-scalars@2.0.0 graphql@16.15.0

cat > cents.cjs <<'JS'
const assert = require('node:assert')
const { GraphQLUSCurrency: scalar } = require('graphql-scalars')

const texts = Array.from({ length: 100000 }, (_, cents) => `$${(cents / 100).toFixed(2)}`)
const parts = texts.filter((text, cents) => scalar.parseValue(text) !== cents)
const lost = texts.filter(text => scalar.serialize(scalar.parseValue(text)) !== text)
console.log(`$0.29 is ${scalar.parseValue('$0.29')} cents, and ${scalar.serialize(scalar.parseValue('$0.29'))} again`)
console.log(`of ${texts.length} amounts ${parts.length} are no whole cents, and ${lost.length} lose one: ${lost.slice(0, 6).join(', ')}, …`)
assert.strictEqual(scalar.parseValue('$21.25'), 2125)
assert.strictEqual(scalar.serialize(29), '$0.29')
assert.strictEqual(scalar.serialize(scalar.parseValue('$0.29')), '$0.28')
assert(parts.length > 5000 && lost.length > 2000)
JS
node cents.cjs
