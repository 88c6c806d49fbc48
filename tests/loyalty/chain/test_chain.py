"""The chain and its seals: places without holes, hashes that anybody can compute, proofs that lead to the root."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.plugin import Shop, printed
from regulars_core.testing import statements
from regulars_loyalty.chain import seals
from regulars_loyalty.chain.canonical import leaf, node
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.tree import Tree, path_of, root_of
from tests.loyalty.chain.conftest import Clerk

LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def naive(level: list[bytes]) -> bytes:
    """The root as the contract says it: accounts in pairs, one that is left over goes up as it is."""
    while len(level) > 1:
        pairs = [level[n : n + 2] for n in range(0, len(level), 2)]
        level = [sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


@given(LEAVES, st.data())
def test_every_leaf_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    over = leaves[place]
    for half, is_first in path_of(leaves, place):
        over = node(half, over) if is_first else node(over, half)
    assert over == root_of(leaves) == naive(leaves)


@given(LEAVES)
def test_parts_stand_for_their_leaves(leaves: list[bytes]) -> None:
    tree = Tree()
    for begin in range(0, len(leaves), 4):
        part = root_of(leaves[begin : begin + 4])
        assert part is not None
        tree.add(part)
    assert tree.root == root_of(leaves)


async def test_hashes_are_those_of_the_contract(shop: Shop, clerk: Clerk) -> None:
    one = await clerk.customer()
    given_id = await clerk.gives(one, 1050, "USD", rule="WELCOME", program=3)
    spent_id = await clerk.spends(one, 1000, "USD")
    assert await chain(shop) == 2
    found = await seals.hashes_of(shop.database, [given_id, spent_id])
    columns = "id, at, recorded_at, (SELECT l.id FROM loyalty_lot l WHERE l.customer_id = t.customer_id) AS lot"
    rows = {row[0]: row for row in await shop.database.rows(f"SELECT {columns} FROM loyalty_transfer t")}
    [_, at, recorded_at, lot] = rows[given_id]
    times = f"{printed(at)}|{printed(recorded_at)}"
    first = (
        f"creditentry_{given_id}|customer_{one}|USD|FUNDING|1050|1050|{times}|Till \\| 1\\\\|||||GOODWILL|3|WELCOME|"
    )
    first_hash = sha256(bytes(32) + first.encode()).digest()
    [_, at, recorded_at, _] = rows[spent_id]
    times = f"{printed(at)}|{printed(recorded_at)}"
    second = (
        f"creditentry_{spent_id}|customer_{one}|USD|PAYMENT|-1000|50|{times}|Till \\| 1\\\\|||||GOODWILL|||{lot}:1000"
    )
    second_hash = sha256(first_hash + second.encode()).hexdigest()
    assert found == {given_id: first_hash.hex(), spent_id: second_hash}


async def test_places_have_no_hole_and_follow_the_versions(shop: Shop, clerk: Clerk) -> None:
    people = [await clerk.customer() for _ in range(3)]
    for _ in range(3):
        for one in people:
            await clerk.gives(one, 10)
            await clerk.spends(one, 5)
        await chain(shop)
    assert await chain(shop) == 0
    rows = await shop.database.rows("SELECT position, customer_id, version FROM loyalty_link ORDER BY position")
    assert [row[0] for row in rows] == list(range(1, 19))
    assert [[row[2] for row in rows if row[1] == one] for one in people] == [list(range(1, 7))] * 3


async def test_an_entry_waits_for_the_one_before_it(shop: Shop, clerk: Clerk) -> None:
    one = await clerk.customer()
    first, second = await clerk.gives(one, 10), await clerk.gives(one, 10)

    async def without() -> None:
        await shop.database.run("DELETE FROM loyalty_unchained WHERE transfer_id = $1", first)

    async def back() -> None:
        await shop.database.run("INSERT INTO loyalty_unchained (transfer_id) VALUES ($1)", first)

    await shop.database.transaction(without)
    assert await chain(shop) == 0
    await shop.database.transaction(back)
    assert await chain(shop) == 2
    assert len(await seals.hashes_of(shop.database, [first, second])) == 2


async def test_seals_follow_each_other(shop: Shop, clerk: Clerk) -> None:
    assert await seals.seal_if_due(shop, 24) is None  # nothing is there
    one = await clerk.customer()
    await clerk.gives(one, 10)
    await chain(shop)
    first = await seals.seal_if_due(shop, 24)
    assert first is not None
    assert await seals.seal_if_due(shop, 24) is None
    assert await seals.seal_if_due(shop, 0) is None
    await clerk.gives(one, 20, "USD")
    await chain(shop)
    second = await seals.seal(shop)
    assert second is not None
    assert (first.number, first.previous_hash, first.entry_count) == (1, None, 1)
    assert (second.number, second.previous_hash, second.entry_count) == (2, first.hash, 2)
    text = f"2|{printed(second.sealed_at)}|2|{second.root}|{first.hash}"
    assert second.hash == sha256(text.encode()).hexdigest()


async def test_proofs_lead_to_the_root_of_any_seal(shop: Shop, clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "PART", 4)
    people = [await clerk.customer() for _ in range(11)]
    for one in people[:9]:
        await clerk.gives(one, 10)
    await clerk.gives(people[0], 10, "USD")
    await chain(shop)
    await seals.seal(shop)
    for one in people[3:]:
        await clerk.gives(one, 7)
    await chain(shop)
    await seals.seal(shop)
    accounts = [(one, "PTS") for one in people] + [(people[0], "USD"), (people[1], "USD")]
    for number, missing in ((1, 3), (2, 1), (None, 1)):
        proofs = await seals.proofs_of(shop.database, accounts, number)
        assert sum(proof is None for proof in proofs) == missing
        for proof in proofs:
            if proof is not None:
                over = leaf(proof.statement)
                for half, is_first in proof.path:
                    over = node(bytes.fromhex(half), over) if is_first else node(over, bytes.fromhex(half))
                assert over.hex() == proof.seal.root
    [then] = await seals.proofs_of(shop.database, [(people[3], "PTS")], 1)
    assert then is not None
    assert then.statement.startswith(f"customer_{people[3]}|PTS|10|0|1|")
    assert await seals.proofs_of(shop.database, [(people[3], "PTS")], 3) == [None]


async def test_chaining_takes_as_many_statements_for_many(shop: Shop, clerk: Clerk) -> None:
    people = [await clerk.customer() for _ in range(4)]
    await clerk.gives(people[0], 10)
    with statements(shop, 9 if shop.database.engine == "postgres" else 10):
        await chain(shop)
    for one in people:
        await clerk.gives(one, 10)
        await clerk.spends(one, 1)
    with statements(shop, 9 if shop.database.engine == "postgres" else 10):
        await chain(shop)
