#!/usr/bin/env bash
# gql leaves a field of an input out that the schema does not know, if it serializes variables: a mistyped one is never told to be one.
#
# Expected: an error, from gql or from the server, as without `serialize_variables`. The GraphQL specification says of input objects
#   that a value with a field that the type has not is to be refused, and the documentation of gql says that variables are
#   serialized, not that they are filtered.
# Seen: the value is rebuilt from the fields that the type has, so `expires_in_days` for `expiresInDays` is dropped and the rest is sent.
#   A bonus that was to end after thirty days never ends, and both sides report success. Any optional field can be lost so: a limit,
#   an expected version, a reason.
# With: gql 4.4.0 and graphql-core 3.3.2, Python 3.11.
# Source: https://gql.readthedocs.io/en/stable/usage/custom_scalars_and_enums.html,
#   https://spec.graphql.org/September2025/#sec-Input-Objects.Input-Coercion
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check gql==4.4.0 graphql-core==3.3.2

cat > mistyped.py <<'PY'
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from graphql import build_schema

schema = build_schema("""
    input BonusInput { customer: ID!, points: Int!, expiresInDays: Int }
    type Query { nothing: Int }
    type Mutation { bonusGive(input: BonusInput!): Int }
""")
got = []
schema.mutation_type.fields["bonusGive"].resolve = lambda _, info, input: got.append(input) or input["points"]


def give(fields, **options):
    document = gql("mutation($input: BonusInput!) { bonusGive(input: $input) }")
    document.variable_values = {"input": {"customer": "1", "points": 50} | fields}
    try:
        answer = Client(schema=schema).execute(document, **options)
    except TransportQueryError as error:
        return f"refused: {str(error).split('.')[0]}"
    return f"{answer}, and the server got {got[-1]}"


right = give({"expiresInDays": 30}, serialize_variables=True)
refused = give({"expires_in_days": 30})
lost = give({"expires_in_days": 30}, serialize_variables=True)
print(f"spelt right: {right}\nmistyped: {refused}\nmistyped, serialized: {lost}")
assert "'expiresInDays': 30" in right
assert refused.startswith("refused") and "unknown field 'expires_in_days'" in refused
assert lost == "{'bonusGive': 50}, and the server got {'customer': '1', 'points': 50}"
PY
venv/bin/python mistyped.py
