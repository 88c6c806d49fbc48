#!/usr/bin/env bash
# dinero.js 1 splits a negative amount otherwise than the positive one: a refund of a whole sale leaves cents on the lines.
#
# Expected: the shares of -0.05 are those of 0.05 with the sign turned, so that what was spread over lines can be taken back line
#   by line. dinero.js 2 does so.
# Seen: 0.05 in halves is 0.03 and 0.02, and -0.05 is -0.02 and -0.03. Line by line 0.01 and -0.01 are left, although the sums
#   agree.
# With: dinero.js 1.9.1 beside 2.0.2, Node.js 18 or newer.
# Source: https://v1.dinerojs.com/module-dinero#~allocate
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . one@npm:dinero.js@1.9.1 two@npm:dinero.js@2.0.2

cat > shares.mjs <<'JS'
import assert from "node:assert";
import Dinero from "one";
import { USD, allocate, dinero, toSnapshot } from "two";

const one = (amount) => Dinero({ amount }).allocate([50, 50]).map((share) => share.getAmount());
const two = (amount) => allocate(dinero({ amount, currency: USD }), [50, 50]).map((share) => toSnapshot(share).amount);
for (const [name, split] of [["dinero.js 1:", one], ["dinero.js 2:", two]]) {
  console.log(name, split(5).join(" "), "and back", split(-5).join(" "));
}
assert.deepStrictEqual([one(5), one(-5)], [[3, 2], [-2, -3]]);
assert.deepStrictEqual([two(5), two(-5)], [[3, 2], [-3, -2]]);
JS
node shares.mjs
