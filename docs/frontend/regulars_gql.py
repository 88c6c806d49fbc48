"""gql for Regulars: amounts are Decimals and instants are datetimes, in variables and in answers.

Written by `regulars clients`; needs `gql[httpx]`.
"""

from datetime import date, datetime
from decimal import Decimal
from urllib.request import Request, urlopen

from gql import Client
from gql.transport.httpx import HTTPXTransport
from gql.utilities import update_schema_scalars
from graphql import GraphQLScalarType, build_schema


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError("An instant needs an offset, as `datetime.now(UTC)` has.")
    return value.isoformat()


SCALARS = [
    GraphQLScalarType("BigInt", serialize=str, parse_value=int),
    GraphQLScalarType("Date", serialize=date.isoformat, parse_value=date.fromisoformat),
    GraphQLScalarType("DateTime", serialize=_instant, parse_value=datetime.fromisoformat),
    GraphQLScalarType("Decimal", serialize=str, parse_value=Decimal),
]


def client(address: str, key: str) -> Client:
    """A client of the shop at this address, such as `https://shop.example`, with a key that may read the schema."""
    headers = {"Authorization": f"Bearer {key}"}
    with urlopen(Request(f"{address}/schema.graphql", headers=headers)) as answer:
        schema = build_schema(answer.read().decode())
    update_schema_scalars(schema, SCALARS)
    transport = HTTPXTransport(url=f"{address}/graphql", headers=headers)
    return Client(transport=transport, schema=schema, serialize_variables=True, parse_results=True)
