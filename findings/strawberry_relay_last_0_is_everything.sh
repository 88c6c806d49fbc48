#!/usr/bin/env bash
# In a connection of Strawberry `last: 0` answers everything.
#
# Expected: the last 0 of five are none, as the first 0 are; "if last is set ... remove edges from the start until it has length
#   last", says the specification (https://relay.dev/graphql/connections.htm#EdgesToReturn()), and an empty list is Strawberry's own
#   answer to `first: 0`.
# Seen: `first: 0` answers none, `last: 0` all five. A client that asks for the count or pageInfo alone, paging backwards, gets
#   every row, up to the connection's maximum.
# With: strawberry-graphql 0.341.2, Python 3.11.
# Source: https://strawberry.rocks/docs/guides/relay
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2

cat > pages.py <<'PY'
from collections.abc import Iterable

import strawberry
from strawberry import relay


@strawberry.type
class Customer(relay.Node):
    id: relay.NodeID[int]


@strawberry.type
class Query:
    @relay.connection(relay.ListConnection[Customer])
    def customers(self) -> Iterable[Customer]:
        return [Customer(id=number) for number in range(5)]


schema = strawberry.Schema(Query)


def answered(arguments: str) -> int:
    result = schema.execute_sync(f"{{ customers({arguments}) {{ edges {{ node {{ id }} }} }} }}")
    assert not result.errors, result.errors
    return len(result.data["customers"]["edges"])


for arguments in ("first: 0", "first: 2", "last: 2", "last: 0"):
    print(f"{arguments}: {answered(arguments)} edges")
assert [answered(one) for one in ("first: 0", "first: 2", "last: 2")] == [0, 2, 2]
assert answered("last: 0") == 5
PY
venv/bin/python pages.py
