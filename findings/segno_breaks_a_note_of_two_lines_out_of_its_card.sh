#!/usr/bin/env bash
# A vCard by segno whose memo or street has two lines cannot be read: the second line stands in the card as a line of its own.
#
# Expected: a line break in a text is written as backslash and n, as RFC 2426 has it and as vobject writes it; commas and semicolons of the same memo
#   are escaped.
# Seen: the break itself is written, and what follows is no property. vobject refuses the whole card; what else reads it from the code on a receipt or
#   a customer's card loses the rest of the address, if not the contact.
# With: segno 1.6.6 and vobject 0.9.9, Python 3.11.
# Source: https://segno.readthedocs.io/en/latest/contact-information.html, https://www.rfc-editor.org/rfc/rfc2426#section-2.4.2
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check segno==1.6.6 vobject==0.9.9

cat > card.py <<'PY'
import vobject
from segno.helpers import make_vcard_data


def note(memo):
    try:
        return vobject.readOne(make_vcard_data(name="Ruiz;Ana", displayname="Ana Ruiz", memo=memo)).note.value
    except vobject.base.ParseError as error:
        return f"{type(error).__name__}: {error}"


one, two = note("Gold, since 2020; by hand"), note("Gold\nsince 2020")
print(f"one line: {one}\ntwo lines: {two}")
assert one == "Gold, since 2020; by hand"
assert two.startswith("ParseError") and "since 2020" in two
PY
venv/bin/python card.py
