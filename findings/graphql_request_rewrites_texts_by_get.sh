#!/usr/bin/env bash
# graphql-request changes the texts within a document that it sends by GET: commas and runs of spaces become one space, what follows a # is cut off.
#
# Expected: a document by GET means what it means by POST. Commas, spaces and comments between tokens are ignored in GraphQL; those in a string
#   are its value, and any printer of documents leaves them alone.
# Seen: all of them are replaced, wherever they stand. `search(text: "Ruiz, Ana")` looks for "Ruiz Ana", with no error, and a receipt's
#   `"#12"` takes the rest of its line away, so that the server refuses the document. Texts in variables are left as they are.
# With: graphql-request 7.4.0, graphql 16.15.0, Node.js 20.
# Source: https://github.com/graffle-js/graffle/tree/graphql-request, https://spec.graphql.org/September2025/#sec-Language.Source-Text.Ignored-Tokens
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts graphql-request@7.4.0 graphql@16.15.0

cat > texts.mjs <<'JS'
import assert from 'node:assert'
import { createServer } from 'node:http'
import { parse, print } from 'graphql'
import { GraphQLClient } from 'graphql-request'

let seen
const server = createServer((request, response) => {
  const asked = new URL(request.url, 'http://x').searchParams
  const answer = () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"data":{"a":1}}')
  let body = ''
  request.on('data', part => { body += part })
  request.on('end', () => {
    seen = request.method === 'GET' ? { query: asked.get('query'), variables: asked.get('variables') } : JSON.parse(body)
    answer()
  })
})
await new Promise(ready => server.listen(0, '127.0.0.1', ready))
const send = async (method, document, variables) => {
  await new GraphQLClient(`http://127.0.0.1:${server.address().port}`, { method }).request(document, variables)
  return seen
}
const customers = '{ customers(search: "Ruiz, Ana") { id } }'
const [byPost, byGet] = [(await send('POST', customers)).query, (await send('GET', customers)).query]
const purchase = (await send('GET', '{\n  purchase(reference: "#12") { id }\n  shop\n}')).query
const variable = (await send('GET', 'query($text: String) { customers(search: $text) { id } }', { text: 'Ruiz, Ana' })).variables
server.close()
console.log(`by POST: ${byPost}\nby GET:  ${byGet}\nby GET:  ${purchase}\nin a variable by GET: ${variable}`)
assert(byPost.includes('"Ruiz, Ana"'))
assert(byGet.includes('"Ruiz Ana"') && print(parse(byGet)) !== print(parse(byPost)))
assert(!purchase.includes('12') && purchase.includes('shop'))
assert.throws(() => parse(purchase))
assert.strictEqual(variable, '{"text":"Ruiz, Ana"}')
JS
node texts.mjs
