#!/usr/bin/env bash
# python-stdnum takes a GS1 code with brackets around its identifiers, and does not see by them where a value ends: lot and expiry run together.
#
# Expected: "(10)LOT7(17)261231" is a lot and a date. Brackets are how such codes are printed below the bars, to tell the identifiers from the
#   data; the examples of the module have them, and with a value of fixed length in front they are read so.
# Seen: brackets are thrown away first, so that a value of variable length takes up everything behind it, as it does in bars without a
#   separator: the lot is "LOT717261231", valid, and the date is gone. A coupon's number (255)
#   or a price (392x) that is typed with more behind it is another one. `info(…, separator=…)` of the text without brackets is read right.
# With: python-stdnum 2.2, Python 3.11.
# Source: https://arthurdejong.org/python-stdnum/doc/2.2/stdnum.gs1_128, https://www.gs1.org/docs/barcodes/GS1_General_Specifications.pdf (4.14)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-stdnum==2.2

cat > elements.py <<'PY'
from datetime import date

from stdnum.gs1_128 import info, is_valid

fixed_first, lot_first = "(17)261231(10)LOT7", "(10)LOT7(17)261231"
print(f"{fixed_first}: {info(fixed_first)}\n{lot_first}: {info(lot_first)}, valid: {is_valid(lot_first)}")
assert info(fixed_first) == {"17": date(2026, 12, 31), "10": "LOT7"}
assert info("10LOT7\x1d17261231", separator="\x1d") == {"10": "LOT7", "17": date(2026, 12, 31)}
assert info(lot_first) == {"10": "LOT717261231"} and is_valid(lot_first)
PY
venv/bin/python elements.py
