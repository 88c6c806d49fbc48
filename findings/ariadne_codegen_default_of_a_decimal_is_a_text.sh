#!/usr/bin/env bash
# In the inputs that ariadne-codegen writes, the default of a scalar of your own is the text of the schema: a quantity that is a Decimal is "1".
#
# Expected: `Line(name="Tea").quantity` is Decimal("1"), as its annotation says, as a value that is given is, and as the default of an enum in the
#   same input is a member of it.
# Seen: pydantic looks at no default, so it is the text, and `line.quantity * 3` is "111". What is sent is right, since a field that was not set is
#   left out; what the program itself counts, before it sends the sale, is not.
# With: ariadne-codegen 0.19.0, Python 3.11.
# Source: https://github.com/mirumee/ariadne-codegen#custom-scalars
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ariadne-codegen==0.19.0

cat > schema.graphql <<'SDL'
scalar Decimal
enum Tax { FULL REDUCED }
input Line { name: String!, quantity: Decimal! = "1", tax: Tax! = FULL }
type Query { total(lines: [Line!]!): Decimal! }
SDL
echo 'query Total($lines: [Line!]!) { total(lines: $lines) }' > queries.graphql
cat > client.toml <<'TOML'
[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "queries.graphql"
target_package_name = "client"

[tool.ariadne-codegen.scalars.Decimal]
type = "decimal.Decimal"
serialize = "str"
TOML
venv/bin/ariadne-codegen --config client.toml client >/dev/null
cat > quantity.py <<'PY'
from decimal import Decimal

from client import Line, Tax

given, left_out = Line(name="Tea", quantity="1"), Line(name="Tea")
print(f"given: {given.quantity!r}, left out: {left_out.quantity!r}, three of it: {left_out.quantity * 3!r}, tax: {left_out.tax!r}")
assert given.quantity == Decimal(1) and left_out.tax is Tax.FULL
assert left_out.quantity == "1" and left_out.quantity * 3 == "111"
PY
venv/bin/python quantity.py
