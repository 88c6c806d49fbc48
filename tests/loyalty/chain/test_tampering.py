"""Whoever can write to the database past its triggers is found: what breaks an invariant at once, what was sealed against the
seal, what was rewritten together with its seals against the seal that was published."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from regulars_core.plugin import DAY_MS, Instant, Shop, new_id, now, printed
from regulars_loyalty.chain import seals, verification
from regulars_loyalty.chain.canonical import FIRST, entry_hash, leaf, row_of, seal_hash
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.checks import Difference
from regulars_loyalty.chain.tree import root_of
from regulars_loyalty.chain.verification import Verification
from regulars_loyalty.chain.walk import batches
from tests.loyalty.chain.conftest import Clerk, run_checker


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (seals, verification):
        monkeypatch.setattr(module, "PART", 2)


class Undone(Exception):
    """Ends a transaction that was only to be looked at."""


async def tampered(shop: Shop, change: Callable[[], Awaitable[None]]) -> list[Difference]:
    """What a verification finds after a change past the triggers and constraints, all of which is undone."""
    found = list[Difference]()

    async def work() -> None:
        await without_laws(shop)
        await change()
        found.extend([one async for one in Verification(shop).differences()])
        raise Undone

    with pytest.raises(Undone):
        await shop.database.transaction(work)
    return found


async def without_laws(shop: Shop) -> None:
    """Drop what keeps the tables of the ledger as they are, as a superuser can."""
    database = shop.database
    if database.engine == "sqlite":
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'loyalty%'"
        for (name,) in await database.rows(names):
            await database.run(f"DROP TRIGGER {name}")
        return
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'loyalty%'"
    for (table,) in await database.rows(tables):
        await database.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await database.run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_law")


@dataclass
class Ids:
    """Who is in the ledger: `one` was given 100, spent 30 and then 20, and holds 10; `two` was given and owes; `other` has a
    lot and nothing else."""

    one: str
    two: str
    other: str
    gave: str
    spent: str
    last: str
    lot: str
    credit: str


@pytest.fixture
async def ids(shop: Shop, clerk: Clerk) -> Ids:
    one, two, other = [await clerk.customer() for _ in range(3)]
    ends = now() + 100 * DAY_MS
    gave = await clerk.gives(one, 100, ends=ends, rule="BASE", program=1)
    await clerk.gives(one, 7)
    spent, last = await clerk.spends(one, 30), await clerk.spends(one, 20)
    await clerk.does(one, lambda account: account.hold(10, "b", Instant(now() + DAY_MS)))
    credit = await clerk.gives(one, 1050, "USD")
    await clerk.spends(two, 50, debt=True)
    for person in (two, other):
        await clerk.gives(person, 20)
    await chain(shop)
    await seals.seal(shop)
    await clerk.gives(two, 5, "USD")
    await chain(shop)
    await seals.seal(shop)
    row = await shop.database.row("SELECT id FROM loyalty_lot WHERE transfer_id = $1", gave)
    assert row is not None
    return Ids(one, two, other, gave, spent, last, row[0], credit)


ONE = "customer_id = '{one}' AND unit = 'PTS'"
ENTRY = "UPDATE loyalty_transfer SET {{}} WHERE id = '{gave}'"
FORGED = (
    "INSERT INTO loyalty_transfer (id, customer_id, unit, version, kind, source, target, amount, balance_after, debt_after, at,"
    " recorded_at, event_id, event_kind) VALUES ('{new}', '{other}', 'PTS', 2, 'EARN', 'ISSUED', 'LOTS', 500, 520, 0, 1, 1,"
    " '{new}', 'EARN')"
)
FORGED_LOT = (
    "INSERT INTO loyalty_lot (customer_id, unit, id, transfer_id, origin_id, amount, remaining, opened_at, available_at,"
    " expires_at, is_bought, is_grace) SELECT customer_id, unit, '{new}', '{new}', '{new}', 500, 500, opened_at, available_at,"
    " expires_at, is_bought, is_grace FROM loyalty_lot WHERE customer_id = '{other}'"
)
UNDO_LAST = (
    "DELETE FROM loyalty_lot_use WHERE transfer_id = '{last}'",
    "DELETE FROM loyalty_transfer WHERE id = '{last}'",
    f"UPDATE loyalty_account SET amount = amount + 20, version = version - 1 WHERE {ONE}",
    "UPDATE loyalty_lot SET remaining = remaining + 20 WHERE id = '{lot}'",
)


def entry(change: str) -> str:
    """A change of the first entry."""
    return ENTRY.replace("{{}}", change)


KINDS: dict[str, tuple[Sequence[str], set[str], str]] = {
    # What is changed: the statements, the checks that find it, and what they name.
    "an amount": ([entry("amount = 600")], {"BALANCE_AFTER", "LOT_IS_GIVEN", "ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a balance": ([entry("balance_after = 600")], {"BALANCE_AFTER", "ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a debt": (["UPDATE loyalty_transfer SET debt_after = 0 WHERE customer_id = '{two}' AND debt_after = 50"],
               {"BALANCE_AFTER"}, "pointsentry_"),
    "who did it": ([entry("actor = 'Somebody else'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a reason": ([entry("reason = 'OTHER'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "when it counts": ([entry("at = at - 86400000")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "when it was recorded": ([entry("recorded_at = recorded_at + 1")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a kind": ([entry("kind = 'BONUS'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a rule": ([entry("rule = NULL")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a program": ([entry("program = 2")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a store": ([entry("store_id = '{other}'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "a purchase": ([entry("purchase_id = '{other}'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "what is reversed": ([entry("reverses_id = '{spent}'")], {"ENTRY_HASHES", "SEAL_HOLDS"}, "{gave}"),
    "an account of the house": (["UPDATE loyalty_transfer SET source = 'TREASURE' WHERE id = '{gave}'"],
                                {"DEBITS_EQUAL_CREDITS"}, "{gave}"),
    "an entry's owner": (["UPDATE loyalty_transfer SET customer_id = '{other}', version = 2 WHERE id = '{credit}'"],
                         {"ACCOUNT_IS_LAST_ENTRY", "ENTRIES_CHAINED"}, "customer_{one}"),
    "an entry is gone": (["DELETE FROM loyalty_transfer WHERE id = '{spent}'"],
                         {"VERSIONS_WITHOUT_HOLE", "LOT_USES", "ENTRIES_CHAINED", "SEAL_HOLDS"}, "{last}"),
    "the last entry is undone": (UNDO_LAST, {"ENTRIES_CHAINED", "FIGURES", "SEAL_HOLDS"}, "customer_{one}"),
    "the last entry is undone and unchained": (
        [*UNDO_LAST, f"DELETE FROM loyalty_link WHERE {ONE} AND version = 4"],
        {"ENTRIES_CHAINED", "FIGURES", "SEAL_HOLDS"}, "ledgerseal_"),
    "an entry is forged": ([FORGED], {"ACCOUNT_IS_LAST_ENTRY", "LOT_IS_GIVEN", "ENTRIES_CHAINED"}, "customer_{other}"),
    "an entry is forged with its account and lot": (
        [FORGED, FORGED_LOT, "UPDATE loyalty_account SET amount = 520, version = 2 WHERE customer_id = '{other}'"],
        {"ENTRIES_CHAINED"}, "pointsentry_{new}"),
    "an account's amount": ([f"UPDATE loyalty_account SET amount = 500 WHERE {ONE}"],
                            {"ACCOUNT_IS_LAST_ENTRY", "BALANCE_IS_LOTS", "DEBITS_EQUAL_CREDITS"}, "customer_{one}"),
    "an account's amount and a lot": (
        [f"UPDATE loyalty_account SET amount = amount + 20 WHERE {ONE}",
         "UPDATE loyalty_lot SET remaining = remaining + 20 WHERE id = '{lot}'"],
        {"ACCOUNT_IS_LAST_ENTRY", "LOT_USES"}, "customer_{one}"),
    "an account's debt": (["UPDATE loyalty_account SET debt = 0 WHERE customer_id = '{two}'"],
                          {"ACCOUNT_IS_LAST_ENTRY"}, "customer_{two}"),
    "what is held": ([f"UPDATE loyalty_account SET held = 0 WHERE {ONE}"], {"HELD_IS_HOLDS"}, "customer_{one}"),
    "a hold": (["UPDATE loyalty_hold SET amount = 1"], {"HELD_IS_HOLDS"}, "customer_{one}"),
    "when something expires next": ([f"UPDATE loyalty_account SET next_at = 253402128000000 WHERE {ONE}"],
                                    {"NEXT_CHANGE"}, "customer_{one}"),
    "a lot's amount": (["UPDATE loyalty_lot SET amount = 200 WHERE id = '{lot}'"],
                       {"LOT_IS_GIVEN", "LOT_USES", "FIGURES"}, "customer_{one}"),
    "a lot's end": (["UPDATE loyalty_lot SET expires_at = expires_at + 8640000000 WHERE id = '{lot}'"],
                    {"FIGURES"}, ""),
    "what an entry took": (["UPDATE loyalty_lot_use SET amount = 3 WHERE transfer_id = '{spent}'"],
                           {"USES_ARE_ENTRY", "LOT_USES", "ENTRY_HASHES", "SEAL_HOLDS"}, "{spent}"),
    "from which lot an entry took": (
        ["UPDATE loyalty_lot_use SET lot_id = (SELECT id FROM loyalty_lot WHERE customer_id = '{other}')"
         " WHERE transfer_id = '{spent}'"],
        {"USES_ARE_ENTRY", "LOT_USES", "ENTRY_HASHES", "SEAL_HOLDS"}, "{spent}"),
    "a hash": (["UPDATE loyalty_link SET hash = (SELECT hash FROM loyalty_link WHERE position = 1) WHERE position = 3"],
               {"ENTRY_HASHES"}, "pointsentry_"),
    "the order of recording": (["UPDATE loyalty_link SET position = -1 WHERE position = 1",
                                "UPDATE loyalty_link SET position = 1 WHERE position = 4",
                                "UPDATE loyalty_link SET position = 4 WHERE position = -1"],
                               {"ENTRIES_CHAINED"}, "_"),
    "when a seal was made": (["UPDATE loyalty_seal SET sealed_at = sealed_at - 1 WHERE number = 1"],
                             {"SEALS_CHAIN"}, "ledgerseal_"),
    "a seal's root": (["UPDATE loyalty_seal SET root = hash WHERE number = 2"],
                      {"SEALS_CHAIN", "SEAL_HOLDS"}, "ledgerseal_"),
    "a seal is gone": (["DELETE FROM loyalty_seal WHERE number = 1"], {"SEALS_CHAIN"}, "ledgerseal_"),
    "a part of a seal": (["UPDATE loyalty_seal_part SET hash = (SELECT hash FROM loyalty_link WHERE position = 1)"
                          " WHERE part = 0"], {"SEAL_HOLDS"}, "customer_"),
    "a figure": (["UPDATE loyalty_figure SET given = given + 1, spent = spent + 1"], {"FIGURES"}, "kept"),
}  # fmt: skip


async def test_what_is_changed_is_found_and_named(shop: Shop, ids: Ids) -> None:
    assert len(KINDS) >= 20
    assert [str(one) async for one in Verification(shop).differences()] == []
    missed = {}
    for kind, (changes, codes, named) in KINDS.items():
        names = {**vars(ids), "new": new_id()}

        async def change(changes: Sequence[str] = changes, names: dict[str, str] = names) -> None:
            for sql in changes:
                await shop.database.run(sql.format(**names))

        found = await tampered(shop, change)
        told = [str(one) for one in found]
        if not codes <= {one.code for one in found} or not any(named.format(**names) in one for one in told):
            missed[kind] = told
    assert missed == {}
    assert [str(one) async for one in Verification(shop).differences()] == []  # all was undone


async def test_what_is_not_found(shop: Shop, ids: Ids) -> None:
    """As docs/ledger.md says."""

    async def change() -> None:
        sql = "event_kind = 'EARN', base = 1, shares = '[]', explanation = '{}', payment_id = id, hold_id = id, merge_id = NULL"
        await shop.database.run(f"UPDATE loyalty_transfer SET {sql}")
        await shop.database.run("UPDATE loyalty_lot SET is_bought = NOT is_bought, expires_at = expires_at + 1")

    assert await tampered(shop, change) == []


async def rechained(shop: Shop) -> None:
    """Compute all hashes anew, as who has read how can do."""
    async for batch in batches(shop.database):
        for rows in batch.accounts:
            before = FIRST
            for one in rows.entries:
                before = entry_hash(before, one)
                await shop.database.run(
                    "UPDATE loyalty_link SET hash = $1 WHERE customer_id = $2 AND unit = $3 AND version = $4",
                    before, one.customer_id, one.unit, one.version,
                )  # fmt: skip


async def resealed(shop: Shop) -> None:
    """Compute all seals anew."""
    previous = None
    for seal in await seals.seals_after(shop.database, 0, 100):
        parts = [part async for part in seals._parts(shop.database, seal.entry_count)]
        over = [root_of(leaf(one.text) for one in part) for part in parts]
        root = root_of([one for one in over if one])
        assert root is not None
        hashed = seal_hash(seal.number, seal.sealed_at, seal.entry_count, root.hex(), previous)
        for number, one in enumerate(over):
            sql = "UPDATE loyalty_seal_part SET hash = $1 WHERE seal = $2 AND part = $3"
            await shop.database.run(sql, one, seal.number, number)
        sql = "UPDATE loyalty_seal SET root = $1, previous_hash = $2, hash = $3 WHERE number = $4"
        await shop.database.run(sql, root.hex(), previous, hashed, seal.number)
        previous = hashed


async def test_who_computes_the_hashes_anew_is_found_by_the_seal(shop: Shop, ids: Ids) -> None:
    async def change() -> None:
        await shop.database.run(entry("actor = 'Somebody else'").format(**vars(ids)))
        await rechained(shop)

    found = await tampered(shop, change)
    assert {one.code for one in found} == {"SEAL_HOLDS"}
    assert any(f"customer_{ids.one}" in str(one) for one in found)


async def proof_of(shop: Shop, customer: str, number: int | None = None) -> dict[str, object]:
    """A proof as the API answers it."""
    [proof] = await seals.proofs_of(shop.database, [(customer, "PTS")], number)
    assert proof is not None
    seal = proof.seal
    return {
        "statement": proof.statement,
        "path": [{"hash": half, "isFirst": is_first} for half, is_first in proof.path],
        "seal": {
            "number": seal.number,
            "sealedAt": printed(seal.sealed_at),
            "entryCount": str(seal.entry_count),
            "root": seal.root,
            "previousHash": seal.previous_hash,
            "hash": seal.hash,
        },
    }


async def test_who_computes_the_seals_anew_is_found_by_the_published_one(shop: Shop, ids: Ids, tmp_path: Path) -> None:
    published = await proof_of(shop, ids.one)
    seal = published["seal"]
    assert isinstance(seal, dict)
    kept = ["--seal-hash", seal["hash"]]
    assert run_checker(tmp_path, published, *kept).returncode == 0
    later: list[dict[str, object]] = []

    async def change() -> None:
        await shop.database.run(entry("actor = 'Somebody else'").format(**vars(ids)))
        await rechained(shop)
        await resealed(shop)
        later.append(await proof_of(shop, ids.one))

    assert await tampered(shop, change) == []  # nothing inside says so any more
    assert run_checker(tmp_path, later[0]).returncode == 0
    refused = run_checker(tmp_path, later[0], *kept)
    assert refused.returncode == 1
    assert "published was" in refused.stderr


async def test_the_checker_finds_what_does_not_fit(shop: Shop, ids: Ids, tmp_path: Path) -> None:
    proof = await proof_of(shop, ids.one)
    said = run_checker(tmp_path, proof)
    assert f"customer_{ids.one} had 57 PTS" in said.stdout
    assert "Compare" in said.stdout
    seal = proof["seal"]
    assert isinstance(seal, dict)
    for wrong in (
        {**proof, "statement": str(proof["statement"]).replace("|57|", "|570|")},
        {**proof, "path": []},
        {**proof, "seal": {**seal, "sealedAt": printed(Instant(0))}},
        {**proof, "seal": {**seal, "previousHash": None}},
        {**proof, "statement": "57"},
        {},
    ):
        assert run_checker(tmp_path, wrong).returncode == 1


async def test_the_checker_follows_a_history(shop: Shop, ids: Ids, tmp_path: Path) -> None:
    proof, rows = await proof_of(shop, ids.one), list[str]()
    async for batch in batches(shop.database):
        rows += [row_of(one) for own in batch.accounts for one in own.entries if one.account == (ids.one, "PTS")]
    history = tmp_path / "history.txt"
    history.write_text("\n".join(rows), encoding="utf-8")
    assert run_checker(tmp_path, proof, "--history", str(history)).returncode == 0
    history.write_text("\n".join([rows[0].replace("|100|", "|101|"), *rows[1:]]), encoding="utf-8")
    assert "leads to" in run_checker(tmp_path, proof, "--history", str(history)).stderr
