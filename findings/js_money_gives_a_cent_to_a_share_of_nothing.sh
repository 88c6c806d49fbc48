#!/usr/bin/env bash
# js-money's allocate() gives a cent to a share whose ratio is zero.
#
# Expected: who takes part with zero gets nothing, as with the same call in dinero.js. A discount that is spread over the lines
#   of a basket by what they cost takes nothing off a line of 0.00, and so leaves no line below zero.
# Seen: what is left over after rounding down goes to the first shares, whatever their ratios: 0.05 by 0, 50 and 50 is 0.01,
#   0.02 and 0.02.
# With: js-money 0.6.3, dinero.js 1.9.1, Node.js 18 or newer.
# Source: https://www.npmjs.com/package/js-money ("Allocate")
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . js-money@0.6.3 dinero.js@1.9.1

cat > shares.js <<'JS'
const assert = require("node:assert");
const Money = require("js-money");
const Dinero = require("dinero.js");

const shares = new Money(5, Money.USD).allocate([0, 50, 50]).map((one) => one.amount);
const others = Dinero({ amount: 5 }).allocate([0, 50, 50]).map((one) => one.getAmount());
console.log("js-money: ", shares.join(" "));
console.log("dinero.js:", others.join(" "));
assert.deepStrictEqual(shares, [1, 2, 2]);
assert.deepStrictEqual(others, [0, 3, 2]);
JS
node shares.js
