"""The ledger as an accountant asks it: what is owed, what became of it, whether it holds, seals and proofs."""

from pathlib import Path
from typing import Any

import pytest

from regulars_core.plugin import Instant, Shop, now, printed
from regulars_core.testing import statements
from regulars_loyalty.chain import seals
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.checks import CHECKS
from regulars_loyalty.chain.verification import verify_all
from regulars_loyalty.jobs import JOBS
from tests.loyalty.chain.conftest import run_checker
from tests.loyalty.conftest import Owner

PROOF = "proof { statement path { hash isFirst } seal { id number sealedAt entryCount root previousHash hash } }"
SEALS = (
    "{ ledgerSeals(first: 2) { nodes { id number entryCount hash previousHash } pageInfo { hasNextPage endCursor }"
    " totalCount } }"
)
FIELDS = {
    "ledgerLiability": "{ ledgerLiability { unit } }",
    "ledgerBreakage": '{ ledgerBreakage(from: "2026-01-01", to: "2026-12-31") { unit } }',
    "ledgerSeals": "{ ledgerSeals { nodes { id } } }",
    "ledgerVerify": "{ ledgerVerify { holds } }",
    "proof of credit": "{ customers { nodes { credit { proof { statement } } } } }",
    "proof of points": "{ customers { nodes { points { proof { statement } } } } }",
    "hashes of credit": "{ customers { nodes { credit { entries { nodes { entryHash } } } } } }",
    "hashes of points": "{ customers { nodes { points { entries { nodes { entryHash } } } } } }",
}


@pytest.fixture
def owner(loyalty: Shop) -> Owner:
    return Owner(loyalty)


async def test_what_is_owed(owner: Owner) -> None:
    one = await owner.customer()
    await owner.gives(one, 1050, "USD")
    await owner.gives(one, 300)
    await owner.takes(one, 100)
    fields = "unit outstanding debt held pending customerCount value { amount currencyCode } expiring { month amount }"
    document = f"{{ ledgerLiability {{ {fields} }} }}"
    points, credit = (await owner.api.data(document))["ledgerLiability"]
    assert (points["unit"], points["outstanding"], points["value"], points["customerCount"]) == ("PTS", "200", None, 1)
    assert (credit["unit"], credit["outstanding"], credit["debt"]) == ("USD", "10.50", "0.00")
    assert credit["value"] == {"amount": "10.50", "currencyCode": "USD"}
    assert len(credit["expiring"]) == 12


async def test_points_are_worth_what_the_program_says(owner: Owner) -> None:
    program = {"rules": [], "rate": {"points": 3, "amount": {"amount": "0.10"}}}
    await owner.api.done("pointsProgramUpdate", "pointsProgram { number }", {"program": program})
    await owner.gives(await owner.customer(), 200)
    points, _ = (await owner.api.data("{ ledgerLiability { unit value { amount } } }"))["ledgerLiability"]
    assert points == {"unit": "PTS", "value": {"amount": "6.67"}}


async def test_what_became_of_it(owner: Owner) -> None:
    one = await owner.customer()
    await owner.gives(one, 300)
    await owner.takes(one, 100, kind="REDEEM")
    month = f"{printed(now()):.7}-01"
    fields = "unit month given spent expired reversed open breakage"
    document = f"query($from: Date!, $to: Date!) {{ ledgerBreakage(from: $from, to: $to) {{ {fields} }} }}"
    [cohort] = (await owner.api.data(document, **{"from": month, "to": month}))["ledgerBreakage"]
    assert cohort == {
        "unit": "PTS", "month": month, "given": "300", "spent": "100", "expired": "0", "reversed": "0", "open": "200",
        "breakage": "0.0000",
    }  # fmt: skip
    wrong = await owner.api.ask(document, **{"from": "2026-01-01", "to": "2031-01-01"})
    assert wrong.codes == ["BAD_USER_INPUT"]


async def test_seals_are_listed_and_found(owner: Owner) -> None:
    assert (await owner.api.data(SEALS))["ledgerSeals"]["nodes"] == []
    one = await owner.customer()
    for _ in range(3):
        await owner.gives(one, 10)
        await chain(owner.shop)
        await seals.seal(owner.shop)
    page = (await owner.api.data(SEALS))["ledgerSeals"]
    assert [(seal["number"], seal["entryCount"]) for seal in page["nodes"]] == [(3, "3"), (2, "2")]
    assert page["nodes"][0]["previousHash"] == page["nodes"][1]["hash"]
    assert (page["pageInfo"]["hasNextPage"], page["totalCount"]) == (True, 3)
    document = "query($after: String) { ledgerSeals(first: 5, after: $after) { nodes { number previousHash } } }"
    rest = await owner.api.data(document, after=page["pageInfo"]["endCursor"])
    assert rest["ledgerSeals"]["nodes"] == [{"number": 1, "previousHash": None}]
    back = await owner.api.data("{ ledgerSeals(last: 2) { nodes { number } pageInfo { hasPreviousPage } } }")
    assert back["ledgerSeals"] == {"nodes": [{"number": 2}, {"number": 1}], "pageInfo": {"hasPreviousPage": True}}
    found = await owner.api.data(
        "query($id: ID!) { node(id: $id) { id ... on LedgerSeal { number } } }", id=page["nodes"][0]["id"]
    )
    assert found["node"] == {"id": page["nodes"][0]["id"], "number": 3}


async def test_a_balance_is_proven_to_somebody_outside(owner: Owner, tmp_path: Path) -> None:
    one = await owner.customer()
    await owner.gives(one, 1050, "USD")
    young = await owner.asks(one, f"credit {{ {PROOF} entries {{ nodes {{ entryHash }} }} }}")
    assert young["credit"] == {"proof": None, "entries": {"nodes": [{"entryHash": None}]}}
    await chain(owner.shop)
    seal = await seals.seal(owner.shop)
    assert seal is not None
    answer: dict[str, Any] = await owner.asks(
        one, f"credit {{ {PROOF} entries {{ nodes {{ entryHash }} }} }} points {{ {PROOF} }}"
    )
    [entry] = answer["credit"]["entries"]["nodes"]
    assert answer["credit"]["proof"]["statement"] == f"{one}|USD|1050|0|1|{entry['entryHash']}"
    assert answer.pop("points") == {"proof": None}
    done = run_checker(tmp_path, {"data": {"customer": answer}}, "--seal-hash", seal.hash)
    assert done.returncode == 0
    assert f"{one} had 1050 USD" in done.stdout


async def test_whether_it_holds(owner: Owner) -> None:
    fields = "holds checks { code description checkedCount differenceCount samples }"
    document = f"query($id: ID) {{ ledgerVerify(customerId: $id) {{ {fields} }} }}"
    assert (await owner.api.data(document))["ledgerVerify"] is None
    one = await owner.customer()
    await owner.gives(one, 10)
    await chain(owner.shop)
    await verify_all(owner.shop)
    whole, own = (
        (await owner.api.data(document))["ledgerVerify"],
        (await owner.api.data(document, id=one))["ledgerVerify"],
    )
    for found in (whole, own):
        assert found["holds"]
        assert {check["code"]: check["description"] for check in found["checks"]}.items() <= CHECKS.items()
    unknown = "customer_" + "0" * 32
    assert (await owner.api.data(document, id=unknown))["ledgerVerify"] is None
    assert (await owner.api.ask(document, id="purchase_" + "0" * 32)).codes == ["BAD_USER_INPUT"]

    async def break_it() -> None:
        await owner.shop.database.run("UPDATE loyalty_account SET held = 3")

    await owner.shop.database.transaction(break_it)
    own = (await owner.api.data(document, id=one))["ledgerVerify"]
    assert not own["holds"]
    [wrong] = [check for check in own["checks"] if check["differenceCount"]]
    assert (wrong["code"], wrong["samples"]) == ("HELD_IS_HOLDS", [one])
    assert (await owner.api.data(document))["ledgerVerify"]["holds"]  # until the job looks again


@pytest.mark.parametrize("field", FIELDS)
async def test_who_may_ask(owner: Owner, field: str) -> None:
    for unit in ("USD", "PTS"):
        await owner.gives(await owner.customer(), 10, unit)
    roles = {role for role in owner.shop.permissions.roles if "ledger.view" in owner.shop.permissions.roles[role]}
    assert roles == {"accountant", "administrator"}
    may = ["customers.view", "credit.view", "points.view"]
    for allowed in ("accountant", "administrator"):
        assert (await owner.by(allowed).ask(FIELDS[field])).errors == []
    denied = await owner.by("own", own=may).ask(FIELDS[field])
    assert set(denied.codes) == {"FORBIDDEN"}
    assert denied.errors[0]["extensions"]["permission"] == "ledger.view"
    store = await owner.by("own", stores=["00000000000070008000000000000002"], own=[*may, "ledger.view"]).ask(
        FIELDS[field]
    )
    assert set(store.codes) == {"FORBIDDEN"}  # in the whole shop only


async def test_proofs_of_many_take_as_many_statements(owner: Owner) -> None:
    people = [await owner.customer(f"Ana {n}") for n in range(6)]
    for one in people:
        await owner.gives(one, 10, at=Instant(now() - 1))
    await chain(owner.shop)
    await seals.seal(owner.shop)
    keys = [(one.removeprefix("customer_"), "PTS") for one in people]
    for some in (keys[:1], keys):
        with statements(owner.shop, 3):
            await seals.proofs_of(owner.shop.database, some, None)
        with statements(owner.shop, 1):
            await seals.hashes_of(owner.shop.database, [key for key, _ in some])


async def test_the_jobs_do_it_all(owner: Owner) -> None:
    await owner.gives(await owner.customer(), 10)
    for job in JOBS:
        await job.run(owner.shop)
    assert (await owner.api.data("{ ledgerVerify { holds } ledgerSeals { totalCount } }")) == {
        "ledgerVerify": {"holds": True}, "ledgerSeals": {"totalCount": 1}
    }  # fmt: skip
