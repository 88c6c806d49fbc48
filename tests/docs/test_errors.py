"""docs/errors.md: its documents are sent, and answered as it says."""

import json
import re
from pathlib import Path

from graphql import parse

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_every_document_in_its_order(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    blocks = _BLOCKS.findall(PAGE)
    kinds = ["graphql", "json", "graphql", "graphql", "variables", "json"]
    assert [kind for kind, _ in blocks] == kinds
    document, variables, answered = "", {}, 0
    for kind, text in blocks:
        if kind == "graphql":
            document, variables = text, {}
        elif kind == "variables":
            variables = json.loads(text)
        else:
            answer = await api.ask(document, **variables)
            answered += 1
            told = {"errors": answer.errors} if answer.errors else {"data": answer.data}
            assert told == json.loads(text)
    assert answered == 2


async def test_the_fragment_fits_every_form(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    [fragment] = [text for kind, text in _BLOCKS.findall(PAGE) if text.startswith("fragment")]
    assert parse(fragment)
    form = 'mutation { customerUpdate(input: {id: "customer_0192f6c8e5b07cc398c4dc0c0c07398f"}) { userErrors { ...Errors } } }'
    data = await api.data(form + fragment)
    assert data["customerUpdate"]["userErrors"][0]["code"] == "NOT_FOUND"
