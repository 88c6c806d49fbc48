#!/usr/bin/env bash
# ics writes CALSCALE:GEORGIAN into a calendar that it has read without a scale; there is no such scale.
#
# Expected: the property is left out as it was, or GREGORIAN, which RFC 5545 says is meant without it, and which is the only value that it allows.
#   A file that names GREGORIAN comes back as it was, and a calendar that is made by ics has no scale.
# Seen: GEORGIAN. Most programs write no scale, so that a shop's opening hours or birthdays that pass through ics are in a calendar
#   that nobody knows; a reader that keeps to the specification refuses them or ignores what it cannot place.
# With: ics 0.7.3, Python 3.11.
# Source: https://www.rfc-editor.org/rfc/rfc5545#section-3.7.1, https://icspy.readthedocs.io/en/stable/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ics==0.7.3

cat > scale.py <<'PY'
import re

from ics import Calendar

event = "BEGIN:VEVENT|UID:1|DTSTAMP:20260101T000000Z|DTSTART;VALUE=DATE:20260228|SUMMARY:Birthday|END:VEVENT"


def scales(*lines):
    text = "|".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:till", *lines, event, "END:VCALENDAR", ""])
    return re.findall("CALSCALE.*?(?=\\r)", Calendar(text.replace("|", "\r\n")).serialize())


print(f"read without a scale: {scales()}; with one: {scales('CALSCALE:GREGORIAN')}; made: {Calendar().serialize().split()}")
assert scales() == ["CALSCALE:GEORGIAN"]
assert scales("CALSCALE:GREGORIAN") == ["CALSCALE:GREGORIAN"]
assert "CALSCALE" not in Calendar().serialize()
PY
venv/bin/python scale.py
