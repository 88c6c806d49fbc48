#!/usr/bin/env bash
# Babel's decimals of a currency are not those of ISO 4217: a Serbian price loses its paras, and an Iraqi one its fils.
#
# Expected: get_currency_precision("RSD") is 2 and of IQD 3, the minor units in which card networks, banks and till formats send
#   amounts, as ISO 4217 lists them; "the number of decimals allowed for a currency", says the documentation.
# Seen: 0 for both, and for ALL, LBP, MMK, AFN, SYP and others: it is CLDR's, which says how many digits people write today. What
#   keeps money as whole minor units by it reads 1050 of a payment of 10.50 RSD as 1050 dinars, a hundred times too much.
# With: Babel 2.18.0 beside the tables of iso4217 1.16.20260101, Python 3.11.
# Source: https://babel.pocoo.org/en/latest/api/numbers.html#babel.numbers.get_currency_precision,
#   https://www.six-group.com/en/products-services/financial-information/data-standards.html (list one)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check Babel==2.18.0 iso4217==1.16.20260101

cat > digits.py <<'PY'
from babel.numbers import get_currency_precision
from iso4217 import Currency

known = {one.code: one.exponent for one in Currency if one.exponent is not None}
different = {code: (get_currency_precision(code), digits) for code, digits in known.items()}
different = {code: pair for code, pair in different.items() if pair[0] != pair[1]}
print("currency: Babel's digits, ISO 4217's")
for code, (seen, iso) in sorted(different.items()):
    print(f"  {code}: {seen}, {iso}")
assert (get_currency_precision("EUR"), get_currency_precision("JPY"), get_currency_precision("KWD")) == (2, 0, 3)
assert (different["RSD"], different["IQD"], different["LBP"]) == ((0, 2), (0, 3), (0, 2))
PY
venv/bin/python digits.py
