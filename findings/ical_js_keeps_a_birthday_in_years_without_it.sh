#!/usr/bin/env bash
# In ical.js a yearly rule that begins on 29 February comes on 1 March in other years, though RFC 5545 says that it does not come.
#
# Expected: leap years only, as python-dateutil and rrule.js have it: "recurrence rules may generate recurrence instances with an invalid date …
#   such recurrence instances MUST be ignored". A monthly rule that begins on the 31st does leave out shorter months in ical.js, too.
# Seen: 1 March of each common year. The rule with the same day written out, BYMONTH=2;BYMONTHDAY=29, comes in leap years only. Who was born
#   on 29 February is congratulated on different days by a calendar of ical.js and by one of anything else, and a voucher for the
#   day is counted in one of them in years in which the other has none.
# With: ical.js 2.2.1 and rrule 2.8.1, Node.js 20.
# Source: https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts ical.js@2.2.1 rrule@2.8.1

cat > birthday.mjs <<'JS'
import assert from 'node:assert'
import ICAL from 'ical.js'
import rrule from 'rrule'

const days = (start, rule) => {
  const found = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromString(start))
  return Array.from({ length: 4 }, () => found.next().toString())
}
const yearly = days('2024-02-29', 'FREQ=YEARLY')
const written = days('2024-02-29', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29')
const monthly = days('2026-01-31', 'FREQ=MONTHLY')
const others = rrule.rrulestr('DTSTART:20240229T000000Z\nRRULE:FREQ=YEARLY;COUNT=4').all().map(day => day.toISOString().slice(0, 10))
console.log(`yearly from 29 February: ${yearly}\nwith the day written out: ${written}\nmonthly from the 31st: ${monthly}\nyearly by rrule.js: ${others}`)
assert.deepStrictEqual(yearly, ['2024-02-29', '2025-03-01', '2026-03-01', '2027-03-01'])
assert.deepStrictEqual(written, ['2024-02-29', '2028-02-29', '2032-02-29', '2036-02-29'])
assert.deepStrictEqual(others, written)
assert.deepStrictEqual(monthly, ['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31'])
JS
node birthday.mjs
