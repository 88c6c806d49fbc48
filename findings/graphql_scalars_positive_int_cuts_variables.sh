#!/usr/bin/env bash
# PositiveInt and its relatives in graphql-scalars take 1.9 for 1 where it comes as a variable, and refuse it in the document.
#
# Expected: an error for both. GraphQL's own Int refuses 1.9 whichever way it comes, SafeInt of the same package does, and a scalar that
#   only narrows Int will not be wider than it.
# Seen: a variable is parsed with parseInt before it is looked at, so that only literals, which no client sends, are checked: 1.9 is 1, the text
#   "1e3" is 1, and so is the text "1.9". Who spends 199.5 points spends 199, and a quantity of half a kilo is NonNegativeInt 0.
# With: graphql-scalars 2.0.0, graphql 16.15.0, Node.js 20.
# Source: https://the-guild.dev/graphql/scalars/docs/scalars/positive-int, https://spec.graphql.org/September2025/#sec-Int.Input-Coercion
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts graphql-scalars@2.0.0 graphql@16.15.0

cat > whole.cjs <<'JS'
const assert = require('node:assert')
const { GraphQLInt, GraphQLObjectType, GraphQLSchema, graphqlSync } = require('graphql')
const { GraphQLNonNegativeInt, GraphQLPositiveInt, GraphQLSafeInt } = require('graphql-scalars')

const spent = (type, value) => {
  const field = { type: GraphQLInt, args: { points: { type } }, resolve: (_, { points }) => points }
  const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { spend: field } }) })
  const shown = ({ data, errors }) => (errors ? 'refused' : data.spend)
  const literal = shown(graphqlSync({ schema, source: `{ spend(points: ${JSON.stringify(value)}) }` }))
  const source = `query($points: ${type.name}) { spend(points: $points) }`
  const variable = shown(graphqlSync({ schema, source, variableValues: { points: value } }))
  console.log(`${type.name} ${JSON.stringify(value)}: ${literal} in the document, ${variable} as a variable`)
  return [literal, variable]
}
for (const type of [GraphQLInt, GraphQLSafeInt]) assert.deepStrictEqual(spent(type, 1.9), ['refused', 'refused'])
assert.deepStrictEqual(spent(GraphQLPositiveInt, 2), [2, 2])
assert.deepStrictEqual(spent(GraphQLPositiveInt, 199.5), ['refused', 199])
assert.deepStrictEqual(spent(GraphQLPositiveInt, '1e3'), ['refused', 1])
assert.deepStrictEqual(spent(GraphQLNonNegativeInt, 0.5), ['refused', 0])
JS
node whole.cjs
