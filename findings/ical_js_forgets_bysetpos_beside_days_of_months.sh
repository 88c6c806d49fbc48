#!/usr/bin/env bash
# ical.js follows BYSETPOS beside BYDAY, and passes over it beside BYMONTHDAY: "the 30th, or the last day" comes on three days of a month.
#
# Expected: BYMONTHDAY=28,29,30;BYSETPOS=-1 is one day a month, the last of these that the month has. It is the usual way to write a due date at the
#   end of the month, python-dateutil and rrule.js read it so, and ical.js does with BYDAY=MO,TU,WE,TH,FR, the last working day.
# Seen: 28, 29 and 30 of every month, without an error: a rule by which points lapse, or a member is billed, each month runs three times.
# With: ical.js 2.2.1 and rrule 2.8.1, Node.js 20.
# Source: https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts ical.js@2.2.1 rrule@2.8.1

cat > lapses.mjs <<'JS'
import assert from 'node:assert'
import ICAL from 'ical.js'
import rrule from 'rrule'

const days = (start, rule) => {
  const found = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromString(start))
  return Array.from({ length: 5 }, () => found.next().toString())
}
const rule = 'FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1'
const last = days('2026-01-30', rule)
const working = days('2026-01-30', 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1')
const others = rrule.rrulestr(`DTSTART:20260130T000000Z\nRRULE:${rule};COUNT=5`).all().map(day => day.toISOString().slice(0, 10))
console.log(`the 30th or the last: ${last}\nby rrule.js: ${others}\nthe last working day: ${working}`)
assert.deepStrictEqual(last, ['2026-01-30', '2026-02-28', '2026-03-28', '2026-03-29', '2026-03-30'])
assert.deepStrictEqual(others, ['2026-01-30', '2026-02-28', '2026-03-30', '2026-04-30', '2026-05-30'])
assert.deepStrictEqual(working, ['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30', '2026-05-29'])
JS
node lapses.mjs
