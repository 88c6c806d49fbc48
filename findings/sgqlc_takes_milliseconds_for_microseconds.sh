#!/usr/bin/env bash
# sgqlc reads the digits behind the point of a second as a number of microseconds: 12:00:00.250Z is 250 microseconds past twelve.
#
# Expected: a quarter of a second, as ISO 8601 and RFC 3339 mean it and as `datetime.fromisoformat` reads it: the digits are a fraction,
#   whatever their number. Three of them are what JavaScript, Java and most GraphQL servers print.
# Seen: only six digits are read right. With three, everything within a second moves to its first millisecond; instants keep their
#   order within one server, and lose it, and their equality, beside those of anything else: a sale that is looked up by the
#   instant that was read is not found.
# With: sgqlc 18, Python 3.11.
# Source: https://sgqlc.readthedocs.io/en/latest/sgqlc.types.datetime.html, https://www.rfc-editor.org/rfc/rfc3339#section-5.6
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sgqlc==18.0

cat > fractions.txt <<'TXT'
2026-11-30T12:00:00.250000+00:00
2026-11-30T12:00:00.250+00:00
2026-11-30T12:00:00.999+00:00
TXT
cat > instants.py <<'PY'
from datetime import datetime
from pathlib import Path

from sgqlc.types import Schema, Type
from sgqlc.types.datetime import DateTime


class Sale(Type):
    __schema__ = Schema()
    at = DateTime


read = {}
for text in Path("fractions.txt").read_text().split():
    read[text] = Sale({"at": text}).at.microsecond
    print(f"{text}: {read[text]} microseconds, and {datetime.fromisoformat(text).microsecond} by the standard library")
assert list(read.values()) == [250_000, 250, 999]
PY
venv/bin/python instants.py
