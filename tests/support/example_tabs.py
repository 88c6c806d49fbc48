"""The example tabs of GraphiQL, answered with whom and what its page fills in."""

from collections.abc import Set
from string import Template
from typing import Any

import orjson

from regulars_schema.testing import Api
from regulars_server import graphiql


def filled_in(variables: str, found: Any) -> dict[str, Any]:
    """An example's variables with whom and what the page fills in."""
    [customer], [purchase] = found["customers"]["nodes"], found["purchases"]["nodes"]
    line = max(purchase["lines"], key=lambda line: float(line["total"]["amount"]))
    words = {"customer": customer["id"], "purchase": purchase["id"], "line": line["id"], "quantity": line["quantity"]}
    filled: dict[str, Any] = orjson.loads(Template(variables).substitute(words) or "{}")
    return filled


async def variables_of(api: Api, plugins: Set[str], name: str) -> dict[str, Any]:
    """What the page sends with an example, given a part of its name."""
    example = next(one for one in graphiql.examples(plugins) if name in one.name)
    return filled_in(example.variables, await api.data(graphiql.somebody()))


async def answered(api: Api, plugins: Set[str] = frozenset()) -> dict[str, Any]:
    """What every example answers, one after the other, by its name; none has errors."""
    answers = {}
    for example in graphiql.examples(plugins):
        variables = filled_in(example.variables, await api.data(graphiql.somebody()))
        answers[example.name] = await api.data(example.query, **variables)
    return answers
