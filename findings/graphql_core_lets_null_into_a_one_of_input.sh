#!/usr/bin/env bash
# A nullable variable in an @oneOf input is refused by validation only where the input may be left out; where it is needed, nobody says so.
#
# Expected: `query($n: String) { who(by: {name: $n}) }` is invalid, whether the argument is `by: Who` or `by: Who!`: the fields of an
#   @oneOf input take non-null variables alone (GraphQL September 2025, 5.8.5 All Variable Usages Are Allowed).
# Seen: for `by: Who` one error, "… must be non-nullable to be used for OneOf Input Object 'Who'."; for `by: Who!`, `by: [Who!]` and
#   an input that holds a `Who!`, none. The rule compares the type of the place without taking its `!` off.
# With: graphql-core 3.3.2.
# Source: https://spec.graphql.org/September2025/#sec-All-Variable-Usages-Are-Allowed
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder"/venv/bin/pip install -q graphql-core==3.3.2

cat > "$folder/one_of.py" <<'PY'
from graphql import build_schema, parse, validate

KINDS = "input Who @oneOf { name: String age: Int } input Ask { who: Who! }"
ASKED = {
    "by: Who": "{name: $n}",
    "by: Who!": "{name: $n}",
    "by: [Who!]": "[{name: $n}]",
    "by: Ask": "{who: {name: $n}}",
}
told = {}
for argument, value in ASKED.items():
    schema = build_schema(f"{KINDS} type Query {{ who({argument}): String }}")
    told[argument] = len(validate(schema, parse(f"query($n: String) {{ who(by: {value}) }}")))
    print(argument, "->", told[argument], "errors")
assert told == {"by: Who": 1, "by: Who!": 0, "by: [Who!]": 0, "by: Ask": 0}
PY
"$folder/venv/bin/python" "$folder/one_of.py"
