#!/usr/bin/env bash
# python-stdnum finds the Brazilian tax id 111.111.111-11 valid, and the eight others of one digit but zero.
#
# Expected: refused. Their check digits come out right, but none of them is ever given to anybody, and checks for Brazil leave them out for that:
#   validator.js does, and python-stdnum itself refuses 000.000.000-00.
# Seen: valid. They are what is typed at a till where a tax id is asked for and the customer gives none, so that hundreds of people share one,
#   and are one person to whatever finds duplicates by it.
# With: python-stdnum 2.2 and validator 13.15.35, Python 3.11, Node.js 20.
# Source: https://arthurdejong.org/python-stdnum/doc/2.2/stdnum.br.cpf, https://pt.wikipedia.org/wiki/Cadastro_de_Pessoas_Físicas
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-stdnum==2.2
npm install --silent --no-audit --no-fund --ignore-scripts validator@13.15.35

cat > ids.py <<'PY'
from stdnum.br import cpf

print({digit * 11: cpf.is_valid(digit * 11) for digit in "0123456789"})
assert cpf.is_valid("390.533.447-05") and not cpf.is_valid("390.533.447-06")
assert [cpf.is_valid(digit * 11) for digit in "0123456789"] == [False] + [True] * 9
PY
cat > ids.cjs <<'JS'
const assert = require('node:assert')
const { isTaxID } = require('validator')

const same = Array.from('0123456789', digit => isTaxID(digit.repeat(11), 'pt-BR'))
console.log(`validator.js: ${same}`)
assert(isTaxID('39053344705', 'pt-BR') && !same.includes(true))
JS
venv/bin/python ids.py
node ids.cjs
