#!/usr/bin/env bash
# In currency.js a price and the same price taken back are not nothing: halves of a cent round up on both sides of zero.
#
# Expected: currency(1.005) and currency(-1.005) differ in their sign alone, so that their sum is 0.
# Seen: 1.005 is 1.01 and -1.005 is -1.00; their sum is 0.01. Prices with three decimals (fuel, weighed goods, tax included)
#   meet this with every refund.
# With: currency.js 2.0.4, Node.js 18 or newer.
# Source: https://currency.js.org/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . currency.js@2.0.4

cat > refund.js <<'JS'
const assert = require("node:assert");
const currency = require("currency.js");

const sale = currency(1.005), refund = currency(-1.005);
console.log("sale", sale.toString(), "refund", refund.toString(), "left", currency(1.005).add(-1.005).toString());
assert.strictEqual(sale.value, 1.01);
assert.strictEqual(refund.value, -1);
assert.strictEqual(currency(1.005).add(-1.005).value, 0.01);
JS
node refund.js
