"""gql for Regulars: amounts are Decimals and instants are datetimes, in variables and in answers.

Written by `regulars clients`; needs `gql[httpx]`.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXTransport
from gql.utilities import update_schema_scalars
from graphql import ExecutionResult, GraphQLScalarType, build_schema


def _written(value: object) -> str:
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError("An instant needs an offset, as `datetime.now(UTC)` has.")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"JSON has no {type(value).__name__}.")


SCALARS = [
    GraphQLScalarType("BigInt", parse_value=int),
    GraphQLScalarType("Date", parse_value=date.fromisoformat),
    GraphQLScalarType("DateTime", parse_value=datetime.fromisoformat),
    GraphQLScalarType("Decimal", parse_value=Decimal),
]


class _Transport(HTTPXTransport):
    """Writes variables as they are, so that the server tells of a mistyped field: gql's `serialize_variables` leaves out what the
    schema does not know."""

    def execute(self, request: GraphQLRequest, *args: Any, **options: Any) -> ExecutionResult:
        plain = json.loads(json.dumps(request.variable_values, default=_written))
        return super().execute(GraphQLRequest(request, variable_values=plain), *args, **options)


def client(address: str, key: str) -> Client:
    """A client of the shop at this address, such as `https://shop.example`, with a key that may read the schema."""
    headers = {"Authorization": f"Bearer {key}"}
    with urlopen(Request(f"{address}/schema.graphql", headers=headers)) as answer:
        schema = build_schema(answer.read().decode())
    update_schema_scalars(schema, SCALARS)
    transport = _Transport(url=f"{address}/graphql", headers=headers)
    return Client(transport=transport, schema=schema, parse_results=True)
