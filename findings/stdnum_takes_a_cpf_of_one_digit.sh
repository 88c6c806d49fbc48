#!/usr/bin/env bash
# python-stdnum takes 111.111.111-11 for a Brazilian tax id.
#
# Expected: a CPF of one digit repeated is none: its check digits fit by the way they are computed, the tax office has never given
#   one, and whatever checks a CPF in Brazil refuses it. Of the CNPJ, beside it, python-stdnum itself refuses all zeros.
# Seen: is_valid() of stdnum.br.cpf is True for each of the ten but zero. It is what people type at a till to get on; a shop that
#   checks for it keeps it as somebody's tax id, and prints it on invoices that the tax office sends back.
# With: python-stdnum 2.2 beside validate-docbr 1.11.1, Python 3.11.
# Source: https://arthurdejong.org/python-stdnum/doc/2.2/stdnum.br.cpf,
#   https://github.com/alvarofpp/validate-docbr
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-stdnum==2.2 validate-docbr==1.11.1

cat > cpf.py <<'PY'
from stdnum.br import cnpj, cpf
from validate_docbr import CPF

other = CPF()
for digit in "0123456789":
    number = digit * 11
    print(cpf.format(number), "python-stdnum:", cpf.is_valid(number), "validate-docbr:", other.validate(number))
assert [digit for digit in "0123456789" if cpf.is_valid(digit * 11)] == list("123456789")
assert not any(other.validate(digit * 11) for digit in "0123456789")
assert not cnpj.is_valid("0" * 14)
assert cpf.is_valid("390.533.447-05")
assert other.validate("390.533.447-05")
assert not cpf.is_valid("390.533.447-06")
PY
venv/bin/python cpf.py
