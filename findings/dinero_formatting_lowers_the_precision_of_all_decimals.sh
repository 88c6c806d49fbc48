#!/usr/bin/env bash
# Formatting one amount with the package dinero lowers the precision of every Decimal of the thread to ten digits.
#
# Expected: formatting reads. decimal's context belongs to whoever computes; a library that needs another precision uses
#   decimal.localcontext(), as https://docs.python.org/3/library/decimal.html#decimal.localcontext says.
# Seen: after one call of format(), a sum that has nothing to do with the package loses its cents from a hundred million on:
#   123456789.01 + 0.01 is 123456789.0. Nothing is raised.
# With: dinero 0.4.0, Python 3.11.
# Source: https://pypi.org/project/dinero/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dinero==0.4.0

cat > precision.py <<'PY'
from decimal import Decimal, getcontext

from dinero import Dinero
from dinero.currencies import USD


def total() -> Decimal:
    return Decimal("123456789.01") + Decimal("0.01")


before, precision = total(), getcontext().prec
shown = Dinero("5.00", USD).format(symbol=True)
after = total()
print("the precision was", precision, "and is", getcontext().prec, "after showing", shown)
print("123456789.01 + 0.01 was", before, "and is", after)
assert before == Decimal("123456789.02")
assert after == Decimal("123456789.0")
PY
venv/bin/python precision.py
