"""How a refusal is tried: with its code and path, and nothing half-written."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.mutation_codes import listed_codes
from regulars_schema.testing import Api, keyed

OF_NO_ACCOUNT = {
    "code_block",
    "idempotency_key",
}
"""A refusal may skip codes, which are taken before a transaction begins, and is itself kept under its key."""


async def everything(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_index%'"
        if shop.database.engine == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    names = [row[0] for row in await shop.database.rows(tables) if row[0] not in OF_NO_ACCOUNT]
    return {
        name: sorted(tuple(map(str, row)) for row in await shop.database.rows(f"SELECT * FROM {name}"))
        for name in names
    }


@asynccontextmanager
async def unchanged(shop: Shop) -> AsyncIterator[None]:
    """Nothing that happens inside leaves a trace."""
    before = await everything(shop)
    assert len(before) >= 14
    yield
    after = await everything(shop)
    assert after == before


Wrong = tuple[str, dict[str, Any], str, str]
"""A mutation, its input, and the code and path of the one refusal."""


def mutation(name: str) -> str:
    return f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ userErrors {{ code path }} }} }}"


def codes_of(schema: ComposedSchema, mutation: str) -> Sequence[str]:
    """The codes that the description of a mutation lists, those of plugins too."""
    mutations = schema._schema.mutation_type
    assert mutations is not None
    return listed_codes(mutations.fields[mutation].description or "")


async def assert_refused(api: Api, wrong: Sequence[Wrong]) -> None:
    """Each is refused with exactly one user error, of a code that the mutation lists; with the path "!" by one error of the
    request."""
    async with unchanged(api.shop):
        for name, given_input, code, path in wrong:
            answer = await api.ask(mutation(name), input=keyed(name, given_input))
            about = (name, str(given_input)[:200])
            if path == "!":
                assert answer.codes == [code], about
                assert answer.data is None or answer.data == {name: None}, about
            else:
                assert answer.errors == [], about
                assert answer.data[name]["userErrors"] == [{"code": code, "path": ["input", *path.split(".")]}], about
                assert code in codes_of(api.schema, name), about


class Filled:
    """A shop with a few of everything, and the ids of it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids: dict[str, str] = {}

    async def fill(self) -> "Filled":
        api = self.api
        made = await api.done("customerCreate", "customer { id group { id } }", {"firstName": "Ana", "lastName": "Li"})
        self.ids["customer"], self.ids["default"] = made["customer"]["id"], made["customer"]["group"]["id"]
        group = await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Staff"})
        self.ids["group"] = group["customerGroup"]["id"]
        store = await api.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
        self.ids["store"] = store["store"]["id"]
        note = await api.done("noteAdd", "note { id }", {"customerId": self.ids["customer"], "body": "Hello"})
        self.ids["note"] = note["note"]["id"]
        for name in ("purchase", "other"):
            sold = await api.done(
                "purchaseRecord",
                "purchase { id lines { id } payments { id } }",
                {
                    "reference": name, "customerId": self.ids["customer"], "purchasedAt": "2026-03-01T12:00:00Z",
                    "lines": [{"name": "Tea", "unitPrice": "2.00", "quantity": "3"}, {"name": "Cup", "unitPrice": "4.00"}],
                    "payments": [{"method": "cash", "amount": "10.00"}],
                },
            )  # fmt: skip
            self.ids[name], self.ids[f"{name} line"] = sold["purchase"]["id"], sold["purchase"]["lines"][0]["id"]
            self.ids[f"{name} payment"] = sold["purchase"]["payments"][0]["id"]
        back = await api.done("purchaseRefund", "refund { id }", {"purchaseId": self.ids["other"], "amount": "1.00"})
        self.ids["refund"] = back["refund"]["id"]
        return self

    def unknown(self, kind: str) -> str:
        return f"{kind}_" + "0192f6c8e5b07cc398c4dc0c0c07398f"

    def sale(self, **given: Any) -> dict[str, Any]:
        return {"reference": "NEW", "lines": [{"name": "Tea", "unitPrice": "2.00"}], **given}

    def line(self, **given: Any) -> dict[str, Any]:
        return self.sale(lines=[{"name": "Tea", "unitPrice": "2.00", **given}])
