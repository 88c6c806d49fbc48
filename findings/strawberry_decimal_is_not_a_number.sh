#!/usr/bin/env bash
# Strawberry's Decimal takes "NaN", "Infinity" and "1_000", and rounds a literal to a float.
#
# Expected: a field that takes an amount takes numbers: anything else is an error of the argument, as with Int and Float, which
#   take no NaN (https://spec.graphql.org/October2021/#sec-Float). A literal is exact, since Decimal was chosen for that.
# Seen: the resolver gets Decimal("NaN"), with which a comparison by `<` raises and one by == is never true, Decimal("Infinity"), which
#   is above any lowest amount, and 1000 for "1_000". The literal 0.10000000000000000001 is 0.1.
# With: strawberry-graphql 0.341.2, graphql-core 3.3.2, Python 3.11.
# Source: https://strawberry.rocks/docs/types/scalars
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2

cat > amounts.py <<'PY'
import logging
from decimal import Decimal

import strawberry

logging.disable()  # what is refused is logged with its traceback


@strawberry.type
class Query:
    @strawberry.field
    def seen(self, amount: Decimal) -> str:
        return str(amount)


schema = strawberry.Schema(Query)


def seen(text: str) -> str:
    result = schema.execute_sync("query($a: Decimal!) { seen(amount: $a) }", variable_values={"a": text})
    return result.data["seen"] if result.data else "refused"


for text in ("12.50", "NaN", "Infinity", "1_000", "12,50"):
    print(f"{text!r}: {seen(text)}")
literal = schema.execute_sync("{ seen(amount: 0.10000000000000000001) }").data
print("literal 0.10000000000000000001:", literal["seen"])
assert (seen("12.50"), seen("12,50")) == ("12.50", "refused")
assert (seen("NaN"), seen("Infinity"), seen("1_000")) == ("NaN", "Infinity", "1000")
assert literal == {"seen": "0.1"}
PY
venv/bin/python amounts.py
