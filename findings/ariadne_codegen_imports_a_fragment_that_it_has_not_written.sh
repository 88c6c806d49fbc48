#!/usr/bin/env bash
# A client by ariadne-codegen cannot be imported if a fragment on an interface is spread beside an inline fragment on a member of it.
#
# Expected: a valid document gives a package that can be imported, as the same document does where the fragment's fields are written
#   out, or where the fragment is spread alone.
# Seen: the module of the query imports the fragment's class from fragments.py, and derives the class of all other members from it; but
#   for the one member the fragment was unpacked, so it counts as used up and fragments.py is written without it, or not at all where it
#   would be the only one: ImportError or ModuleNotFoundError.
# With: ariadne-codegen 0.19.0, Python 3.11.
# Source: https://github.com/mirumee/ariadne-codegen#fragments
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ariadne-codegen==0.19.0

cat > schema.graphql <<'SDL'
type Query { problems: [Problem!]! }
interface Problem { code: String! message: String! }
type Plain implements Problem { code: String! message: String! }
type Stale implements Problem { code: String! message: String! version: Int! }
SDL
cat > client.toml <<'TOML'
[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "queries.graphql"
target_package_name = "client"
TOML

imports() { # document
    echo "$1" > queries.graphql
    rm -rf client
    venv/bin/ariadne-codegen --config client.toml client >/dev/null
    { venv/bin/python -c 'import client' 2>&1 || true; } | tail -1
}

alone=$(imports 'query List { problems { ...Told } } fragment Told on Problem { code message }')
written_out=$(imports 'query List { problems { code message ... on Stale { version } } }')
both=$(imports 'query List { problems { ...Told ... on Stale { version } } } fragment Told on Problem { code message }')
echo "alone: ${alone:-imported}; written out: ${written_out:-imported}; both: ${both:-imported}"
[ -z "$alone" ] && [ -z "$written_out" ] && [[ "$both" == "ModuleNotFoundError: No module named 'client.fragments'" ]]
