"""A8: a key that is bound to a store does a till's work, and what is the whole shop's figure is told as that."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

import regulars_tiers
from regulars_core.customers import quick_search as quick_search_module
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.purchases import statistics
from regulars_core.shop.actors import Actor, Binding
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.support.keys import bound, holding

HOUR = 3_600_000


def ago(ms: int) -> str:
    return printed(Instant(now() - ms))


@dataclass
class Branches:
    """Two stores; `api` is the administrator's."""

    api: Api
    here: str
    there: str

    def as_(self, *bindings: Binding) -> Api:
        return Api(self.api.schema, self.api.shop, Actor("till", "till", bindings))

    def role(self, role: str, *stores: str) -> Api:
        of = list(stores or (self.here,))
        return self.as_(Binding.of(self.api.shop.permissions, role, of))

    async def customer(self, first: str, **more: Any) -> str:
        given = {"firstName": first, "lastName": "Li", "force": True, **more}
        return str((await self.api.done("customerCreate", "customer { id }", given))["customer"]["id"])

    async def sells(self, customer: str, at: str, store: str = "HERE", total: str = "10.00") -> str:
        sale = {"reference": f"R-{at}-{customer[-4:]}", "storeCode": store, "customerId": customer, "purchasedAt": at}
        made = await self.api.done(
            "purchaseRecord", "purchase { id }", {**sale, "lines": [{"name": "Tea", "total": total}]}
        )
        return str(made["purchase"]["id"])


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


@pytest.fixture
async def branches(shop: Shop) -> Branches:
    api = Api.of(shop)
    ids = [
        (await api.done("storeCreate", "store { id }", {"code": code, "name": code}))["store"]["id"].split("_")[1]
        for code in ("HERE", "THERE")
    ]
    return Branches(api, *ids)


async def found(api: Api, query: str, **more: Any) -> list[str]:
    asked = """query($q: String!, $n: Int, $old: Boolean) {
      customerSearch(query: $q, first: $n, includeArchived: $old) { firstName } }"""
    answer = await api.data(asked, q=query, n=more.get("first", 10), old=more.get("archived", False))
    return [one["firstName"] for one in answer["customerSearch"]]


async def test_a8_who_was_here_and_has_the_very_code_is_found_once(branches: Branches) -> None:
    """What a till sees of a visit is later than what all see of the customer: that makes no second of the same one, and the very
    code stays before who is only called so, whoever was here last."""
    ana = await branches.customer("Ana", phone="55 1234 5678")
    asked = "query($id: ID!) { customer(id: $id) { code } }"
    code = str((await branches.api.data(asked, id=ana))["customer"]["code"])
    called_so = await branches.customer(code)
    await branches.sells(ana, ago(0))
    await branches.sells(called_so, ago(0))
    cashier = branches.role("cashier")
    assert await found(cashier, code) == ["Ana", code]
    assert await found(cashier, code.lower().replace("-", " ")) == ["Ana", code]
    assert await found(cashier, code, first=1) == ["Ana"]
    assert await found(cashier, "55 1234 5678") == ["Ana"]


async def test_a8_a_code_finds_nobody_else(branches: Branches) -> None:
    """What looks like a code of the shop's is one, or its beginning: it is not looked for in telephone numbers and names."""
    ana = await branches.customer("Ana", phone="55 9999 9001", originStoreCode="HERE")
    bo = await branches.customer("Bo", phone="55 0000 0001")
    asked = "query($id: ID!) { customer(id: $id) { code } }"
    code, bos = [str((await branches.api.data(asked, id=one))["customer"]["code"]) for one in (ana, bo)]
    for typed in ("CUST-99999", "cust 99990", "CUST-HERE-99999", "cust here 99999", "cust.9"):
        assert await found(branches.api, typed) == [], typed
    assert await found(branches.api, "9999") == ["Ana"]
    # As far as it is typed; letters alone are words, as those of a name are.
    for typed in (code, code[:-1], code[:-2].lower(), code.replace("-", " "), "cust-here", "cust ana"):
        assert await found(branches.api, typed) == ["Ana"], typed
    assert await found(branches.api, bos[:-2]) == ["Bo"]
    assert await found(branches.api, "cust") == ["Bo", "Ana"]
    called_so = await branches.customer("Custodio", phone="55 1234 5678")
    assert await found(branches.api, "custodio 5512345678") == ["Custodio"]
    # Nobody is told in place of who was put away; who was merged is who stayed.
    await branches.api.done("customerDeactivate", "userErrors { code }", {"id": bo})
    assert await found(branches.api, bos) == []
    assert await found(branches.api, bos, archived=True) == ["Bo"]
    await branches.api.done("customersMerge", "userErrors { code }", {"survivorId": called_so, "absorbedIds": [ana]})
    assert await found(branches.api, code) == ["Custodio"]


async def test_a8_a_terminal_finds_who_gives_a_whole_phone_or_address(branches: Branches) -> None:
    ana = await branches.customer("Ana", email="ana@example.com", phone="55 1234 5678")
    await branches.customer("Bo", email="bo@example.com", phone="55 1234 5679")
    terminal = branches.role("store_terminal")
    for typed in ("ana@example.com", " Ana@Example.com", "+525512345678", "55 1234 5678", "(55) 1234-5678"):
        assert await found(terminal, typed) == ["Ana"], typed
    for typed in ("ana@example", "example", "1234", "5512345", "ana@example.com bo", "bo@example.co"):
        assert await found(terminal, typed) == [], typed
    blind = branches.as_(holding("customers.view", stores=[branches.here]))
    assert [await found(blind, typed) for typed in ("ana@example.com", "55 1234 5678")] == [[], []]
    # Whose record was merged is found as who that has become, and who was put away only if asked for.
    cy = await branches.customer("Cy")
    await branches.api.done("customersMerge", "userErrors { code }", {"survivorId": cy, "absorbedIds": [ana]})
    assert await found(terminal, "ana@example.com") == ["Cy"]
    await branches.api.done("customerDeactivate", "userErrors { code }", {"id": cy})
    assert await found(terminal, "ana@example.com") == []
    assert await found(terminal, "ana@example.com", archived=True) == ["Cy"]


async def test_a8_who_bought_here_a_minute_ago_is_first(branches: Branches) -> None:
    people = [await branches.customer(name) for name in ("Anita", "Anabel", "Anastasia", "Ana", "Andrea")]
    till = branches.role("cashier")
    assert await found(till, "an") == ["Andrea", "Ana", "Anastasia", "Anabel", "Anita"]
    database = branches.api.shop.database
    await database.transaction(lambda: database.run("UPDATE customer SET created_at = created_at - 86400000"))
    await branches.sells(people[0], ago(2 * HOUR))
    last = await branches.sells(people[2], ago(HOUR // 60))
    elsewhere = await branches.sells(people[1], ago(1000), "THERE")
    for caller in (till, branches.role("store_terminal"), branches.role("store_manager")):
        assert await found(caller, "an") == ["Anastasia", "Anita", "Andrea", "Ana", "Anabel"]
        assert await found(caller, "ana") == ["Anastasia", "Ana", "Anabel"]
        assert await found(caller, "an", first=1) == ["Anastasia"]
    assert (await found(branches.role("cashier", branches.here, branches.there), "an"))[:3] == [
        "Anabel",
        "Anastasia",
        "Anita",
    ]
    assert (await found(branches.role("cashier", branches.there), "an"))[0] == "Anabel"
    # What was voided, or given back whole, was no visit; what another store did tells nothing.
    await branches.api.done("purchaseVoid", "purchase { id }", {"purchaseId": last})
    await branches.api.done("purchaseVoid", "purchase { id }", {"purchaseId": elsewhere})
    assert (await found(till, "an"))[:2] == ["Anita", "Andrea"]


@pytest.mark.parametrize("walked", [(1_000, 300, 1_000), (3, 1, 2)], ids=["few", "many"])
async def test_a8_the_order_is_that_of_visits_here_whoever_is_looked_for(
    branches: Branches, monkeypatch: pytest.MonkeyPatch, walked: tuple[int, int, int]
) -> None:
    """Held against a plain reading, with so few walked that every way is taken."""
    monkeypatch.setattr(statistics, "MAX_VISITS", walked[0])
    monkeypatch.setattr(quick_search_module, "MANY_HITS", walked[1])
    monkeypatch.setattr(quick_search_module, "MAX_UNCOPIED", walked[2])
    people = [await branches.customer(f"{'Ana' if n % 2 else 'Bo'}{chr(97 + n)}") for n in range(14)]
    database = branches.api.shop.database
    for n, one in enumerate(people):
        key, created = one.split("_")[1], now() - (n * 37 % 14) * HOUR
        await database.transaction(
            lambda k=key, at=created: database.run("UPDATE customer SET created_at = $2 WHERE id = $1", k, at)
        )  # type: ignore[misc]
    for n in range(20):
        await branches.sells(people[n * 11 % 14], ago(n * HOUR // 2 + 1), "HERE" if n % 3 else "THERE")
    for word in ("ana", "bo", "an", "li"):
        for first in (1, 3, 10):
            rows = await database.rows(
                "SELECT c.first_name, c.created_at, (SELECT max(p.purchased_at) FROM purchase p WHERE p.customer_id = c.id AND"
                " p.store_id = $1) FROM customer c",
                branches.here,
            )
            seen = sorted(
                ((max(at, bought or 0), name) for name, at, bought in rows if word in f"{name} li".lower()),
                reverse=True,
            )
            assert await found(branches.role("cashier"), word, first=first) == [name for _, name in seen[:first]]


async def test_a8_the_origin_is_the_key_s_store(branches: Branches) -> None:
    created = "customer { code originStore { code } }"
    given = {"firstName": "New", "lastName": "One"}
    for more in ({}, {"originStoreCode": "HERE"}, {"originStoreCode": "here"}):
        made = await branches.role("cashier").done("customerCreate", created, {**given, "force": True, **more})
        assert made["customer"]["originStore"] == {"code": "HERE"}
        assert made["customer"]["code"].startswith("CUST-HERE-")
    before = await branches.api.shop.database.rows("SELECT count(*) FROM customer")
    asked = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created userErrors { code path } } }"
    for foreign in ("THERE", "MAIN"):
        answer = await branches.role("cashier").ask(asked, i={**given, "originStoreCode": foreign})
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["extensions"]["permission"] == "customers.create"
    assert await branches.role("cashier").refused("customerCreate", {**given, "originStoreCode": "NOWHERE"}) == [
        "NOT_FOUND"
    ]
    both = branches.role("cashier", branches.here, branches.there)
    assert (await both.data(asked, i=given))["customerCreate"]["userErrors"] == [
        {"code": "REQUIRED", "path": ["input", "originStoreCode"]}
    ]
    assert await branches.api.shop.database.rows("SELECT count(*) FROM customer") == before
    made = await both.done("customerCreate", created, {**given, "originStoreCode": "THERE", "force": True})
    assert made["customer"]["originStore"] == {"code": "THERE"}
    made = await branches.api.done("customerCreate", created, {**given, "force": True})
    assert made["customer"]["originStore"] is None


async def test_a8_what_names_no_store_is_done_in_the_key_s(branches: Branches) -> None:
    """The kind: a sale, a basket before it, and looking a receipt up again."""
    sale = {"reference": "R1", "lines": [{"name": "Tea", "total": "10.00"}]}
    till = branches.role("cashier")
    made = await till.done("purchaseRecord", "created purchase { id store { code } }", sale)
    assert made["purchase"]["store"] == {"code": "HERE"}
    assert not (await till.done("purchaseRecord", "created", {**sale, "storeCode": "HERE"}))["created"]
    basket = 'basketAdjustments(baskets: [{ lines: [{ name: "Tea", total: "10.00" }] }]) { total { amount } }'
    answer = await till.data(f'{{ purchase(reference: "R1") {{ id }} {basket} }}')
    assert answer == {"purchase": {"id": made["purchase"]["id"]}, "basketAdjustments": [{"total": {"amount": "10.00"}}]}
    both = branches.role("cashier", branches.here, branches.there)
    assert await both.refused("purchaseRecord", {**sale, "reference": "R2"}) == ["REQUIRED"]
    answer = await both.ask(f"{{ {basket} }}")
    assert answer.codes == ["BAD_USER_INPUT"]
    assert (await both.data('{ purchase(reference: "R1") { id } }'))["purchase"] is None
    with_main = branches.role(
        "cashier",
        branches.here,
        (await branches.api.shop.database.rows("SELECT id FROM store WHERE code = 'MAIN'"))[0][0],
    )
    made = await with_main.done("purchaseRecord", "purchase { store { code } }", {**sale, "reference": "R3"})
    assert made["purchase"]["store"] == {"code": "MAIN"}
    assert (await branches.api.done("purchaseRecord", "purchase { store { code } }", sale))["purchase"]["store"] == {
        "code": "MAIN"
    }


async def test_a8_a_closed_store_says_so_where_the_key_names_it(branches: Branches) -> None:
    await branches.api.done("storeUpdate", "store { id }", {"id": f"store_{branches.here}", "isActive": False})
    sale = {"reference": "R1", "lines": [{"name": "Tea", "total": "10.00"}]}
    made = await branches.role("cashier").done("purchaseRecord", "warnings { code }", sale)
    assert made["warnings"] == [{"code": "STORE_CLOSED"}]


TOTALS = "totals { purchaseCount totalSpent { amount } firstPurchaseAt lastPurchaseAt }"


async def test_a8_what_the_whole_shop_adds_up_is_told_as_that(branches: Branches) -> None:
    """A regular of another branch, at a till."""
    ana = await branches.customer("Ana")
    await branches.sells(ana, "2026-01-01T00:00:00Z", "THERE", "30.00")
    await branches.sells(ana, "2026-01-02T00:00:00Z", "HERE", "12.00")
    asked = f"query($id: ID!) {{ customer(id: $id) {{ stats {{ purchaseCount }} {TOTALS} }} }}"
    told = (await branches.role("cashier").data(asked, id=ana))["customer"]
    assert told["stats"]["purchaseCount"] == 1
    assert told["totals"] == {
        "purchaseCount": 2, "totalSpent": {"amount": "42.00"},
        "firstPurchaseAt": "2026-01-01T00:00:00.000Z", "lastPurchaseAt": "2026-01-02T00:00:00.000Z",
    }  # fmt: skip
    for role in ("store_manager", "marketing", "support", "accountant", "administrator"):
        assert (await branches.role(role).data(asked, id=ana))["customer"]["totals"]["purchaseCount"] == 2
    answer = await branches.role("store_terminal").ask(asked, id=ana)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["permission"] == "customers.totals"
    assert answer.data["customer"]["totals"] is None
    with branches.api.shop.database.counting() as statements:
        await branches.role("cashier").data(f"{{ customers {{ nodes {{ {TOTALS} }} }} }}")
    assert len(statements) == 1


FILTERS = (
    {"totalSpent": {"gte": "40.00"}}, {"purchaseCount": {"gte": 2}}, {"firstPurchaseAt": {"lt": "2026-01-02T00:00:00Z"}},
    {"lastPurchaseAt": {"gte": "2026-01-02T00:00:00Z"}},
)  # fmt: skip


async def test_a8_filters_and_orders_by_spend_and_dates(branches: Branches) -> None:
    """What may be read may be compared: whose totals are told are those who may filter by them."""
    ana, bo = await branches.customer("Ana"), await branches.customer("Bo")
    await branches.sells(ana, "2026-01-01T00:00:00Z", "THERE", "30.00")
    await branches.sells(ana, "2026-01-02T00:00:00Z", "HERE", "12.00")
    await branches.sells(bo, "2026-01-02T00:00:00Z", "HERE", "1.00")
    asked = (
        "query($w: CustomerWhere, $o: CustomerOrderBy) { customers(where: $w, orderBy: $o) { nodes { firstName } } }"
    )
    told = branches.as_(holding("customers.view", "customers.totals", stores=[branches.here]))
    for where in FILTERS[:3]:
        for caller in (branches.role("cashier"), branches.role("marketing"), told):
            assert (await caller.data(asked, w=where))["customers"]["nodes"] == [{"firstName": "Ana"}]
    for field in ("TOTAL_SPENT", "PURCHASE_COUNT", "LAST_PURCHASE_AT"):
        for caller in (branches.role("cashier"), told):
            nodes = (await caller.data(asked, o={"field": field, "direction": "DESC"}))["customers"]["nodes"]
            assert {one["firstName"] for one in nodes} == {"Ana", "Bo"}
            assert field == "LAST_PURCHASE_AT" or nodes[0] == {"firstName": "Ana"}
    terminal = branches.role("store_terminal")
    for given in ({"w": FILTERS[0]}, {"w": FILTERS[2]}, {"o": {"field": "TOTAL_SPENT"}}):
        answer = await terminal.ask(asked, **given)
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["message"] == "This needs the permission purchases.view in the whole shop."


async def test_a8_the_standing_is_told_at_a_till_and_the_purchases_behind_it_only_of_its_store(
    branches: Branches,
) -> None:
    ana = await branches.customer("Ana")
    await branches.sells(ana, ago(3 * HOUR), "THERE", "180.00")
    own = await branches.sells(ana, ago(2 * HOUR), "HERE", "25.00")
    asked = """query($id: ID!) { customer(id: $id) { tierStanding { tier { code }
      progress { tier { code } criteria { missing value } } explanation { purchaseCount purchases { id } } } } }"""
    whole = (await branches.api.data(asked, id=ana))["customer"]["tierStanding"]
    for role in ("store_terminal", "cashier", "store_manager"):
        told = (await branches.role(role).data(asked, id=ana))["customer"]["tierStanding"]
        assert told["progress"] == whole["progress"]
        assert [one["purchaseCount"] for one in told["explanation"]] == [2]
        assert [one["purchases"] for one in told["explanation"]] == [[{"id": own}]]
    assert whole["tier"] == {"code": "B"}
    assert any(criterion["missing"] for tier in whole["progress"] for criterion in tier["criteria"])


async def test_a8_a_cashier_reads_and_writes_notes_and_prints_the_tax_id(branches: Branches) -> None:
    ana = await branches.customer("Ana", taxId="XAXX010101000")
    till = branches.role("cashier")
    note = (await till.done("noteAdd", "note { id body }", {"customerId": ana, "body": "Likes tea."}))["note"]
    await till.done("noteUpdate", "note { body }", {"id": note["id"], "body": "Likes black tea."})
    told = await till.data("query($id: ID!) { customer(id: $id) { notes { nodes { body author } } } }", id=ana)
    assert told["customer"]["notes"]["nodes"] == [{"body": "Likes black tea.", "author": "till"}]
    own, foreign = await branches.sells(ana, ago(9)), await branches.sells(ana, ago(8), "THERE")
    printed_ = "query($id: ID!) { purchase(id: $id) { receipt { customerTaxId text } } }"
    assert (await till.data(printed_, id=own))["purchase"]["receipt"]["customerTaxId"] == "XAXX010101000"
    assert (await till.data(printed_, id=foreign))["purchase"] is None
    answer = await till.ask("query($id: ID!) { customer(id: $id) { taxId } }", id=ana)
    assert answer.codes == ["FORBIDDEN"]  # of a list of tax ids nobody at a till is told


async def test_a8_two_tills_register_the_same_at_once(branches: Branches) -> None:
    given = {"firstName": "New", "lastName": "One", "email": "new@example.com", "matchOn": ["EMAIL"]}
    callers = [branches.role("cashier", store) for store in (branches.here, branches.there) * 3]
    made = await asyncio.gather(*(one.done("customerCreate", "created customer { id }", given) for one in callers))
    assert sum(one["created"] for one in made) == 1
    assert len({one["customer"]["id"] for one in made}) == 1


async def test_a8_nobody_who_is_bound_learns_of_another_store_s_visits(open_shop: OpenShop, branches: Branches) -> None:
    """A purchase elsewhere changes nothing of what a search tells."""
    people = [await branches.customer(name) for name in ("Anita", "Anabel", "Ana")]
    await branches.sells(people[0], ago(HOUR))
    callers = [
        Api(branches.api.schema, branches.api.shop, bound(role, branches.here))
        for role in ("store_terminal", "cashier")
    ]
    before = [await found(caller, word) for caller in callers for word in ("an", "ana", "li")]
    for one in people:
        await branches.sells(one, ago(1), "THERE")
    assert before == [await found(caller, word) for caller in callers for word in ("an", "ana", "li")]
