#!/usr/bin/env bash
# money-math multiplies and divides amounts below zero by another rule than those above: -1.00 ÷ 8 is -0.11, and 1.00 ÷ 8 is 0.13.
#
# Expected: -0.13, or -0.12 with another rule for halves; never two cents off. Results are "rounded to the whole cent", says the
#   documentation, and "-42.10" is an amount like any other.
# Seen: what is more than whole cents is cut off, and where it is half a cent or more a cent is added, below zero as well, where it ought to be
#   taken away: such a result is two cents off. 21 % of 19.99 are 4.20, of -19.99 they are -4.19; of the prices below 20.00 ninety-nine in a
#   hundred have another tax when they are taken back.
# With: money-math 2.6.3, Node.js 20.
# Source: https://github.com/ikr/money-math
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts money-math@2.6.3

cat > refunds.cjs <<'JS'
const assert = require('node:assert')
const money = require('money-math')

const pairs = [['100.00', '21.00'], ['19.99', '21.00']]
for (const [amount, percent] of pairs) console.log(`${percent} % of ${amount}: ${money.percent(amount, percent)}, of -${amount}: ${money.percent(`-${amount}`, percent)}`)
console.log(`1.00 / 8.00: ${money.div('1.00', '8.00')}, -1.00 / 8.00: ${money.div('-1.00', '8.00')}`)
let different = 0
for (let cents = 1; cents < 2000; cents++) {
  const sale = money.percent((cents / 100).toFixed(2), '21.00')
  const refund = money.percent(`-${(cents / 100).toFixed(2)}`, '21.00')
  different += money.add(sale, refund) !== '0.00'
}
console.log(`of 1999 taxes ${different} are not those of the refund`)
assert.deepStrictEqual([money.div('1.00', '8.00'), money.div('-1.00', '8.00')], ['0.13', '-0.11'])
assert.deepStrictEqual([money.percent('100.00', '21.00'), money.percent('-100.00', '21.00')], ['21.00', '-21.00'])
assert.deepStrictEqual([money.percent('19.99', '21.00'), money.percent('-19.99', '21.00')], ['4.20', '-4.19'])
assert(different > 1500)
JS
node refunds.cjs
