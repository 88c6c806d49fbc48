#!/usr/bin/env bash
# icalendar takes the escaped semicolon in the organization of a vCard for a separator, and writes it back as one.
#
# Expected: "ORG:Ruiz\; Hijos;Sales" is the company "Ruiz; Hijos" and its unit "Sales", and comes back as it was: a semicolon within a component is
#   escaped, says RFC 6350, and icalendar reads an escaped comma right, here and in N. vobject reads it so.
# Seen: three components, "Ruiz", " Hijos" and "Sales", since the escapes are taken away before the text is split; written again the company
#   is another one for good. Address books that pass through it lose the name of every company with a semicolon.
# With: icalendar 7.3.2 and vobject 0.9.9, Python 3.11.
# Source: https://www.rfc-editor.org/rfc/rfc6350#section-3.4, https://icalendar.readthedocs.io/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check icalendar==7.3.2 vobject==0.9.9

cat > company.py <<'PY'
import vobject
from icalendar import Component

lines = ["BEGIN:VCARD", "VERSION:3.0", "FN:Ana Ruiz", r"N:Ruiz\, PhD;Ana;;;", r"ORG:Ruiz\; Hijos;Sales", "END:VCARD", ""]
text = "\r\n".join(lines)
card = Component.from_ical(text)
written = [line for line in card.to_ical().decode().split("\r\n") if line.startswith("ORG")]
other = vobject.readOne(text).org.value
print(f"icalendar: {card['ORG'].fields}, written {written}\nvobject: {other}")
assert other == ["Ruiz; Hijos", "Sales"]
assert card["N"].fields.family == "Ruiz, PhD"
assert tuple(card["ORG"].fields) == ("Ruiz", " Hijos", "Sales")
assert written == ["ORG:Ruiz; Hijos;Sales"]
PY
venv/bin/python company.py
