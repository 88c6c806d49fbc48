"""API keys: their form, and whom they open to."""

import re
from pathlib import Path

import pytest

from regulars_core.database.apps import sqlite_path
from regulars_core.keys import authentication
from regulars_core.keys.authentication import Authenticator
from regulars_core.keys.credentials import checksum
from regulars_core.keys.reads import list_keys
from regulars_core.primitives.errors import Refused
from regulars_core.shop.shop import Shop
from tests.support.keys import make_key, revoke


async def test_a_key_has_its_form_and_256_random_bits(shop: Shop) -> None:
    keys = [await make_key(shop.database, f"till {n}", "administrator") for n in range(20)]
    for key in keys:
        assert re.fullmatch(r"rk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", key)
        assert key[-6:] == checksum(key[:-6])
    assert 62**43 > 2**256
    assert len({key[16:59] for key in keys}) == len({key[3:15] for key in keys}) == 20
    assert {row.name for row in await list_keys(shop.database)} == {f"till {n}" for n in range(20)}


async def test_a_role_that_does_not_exist_makes_no_key(shop: Shop) -> None:
    with pytest.raises(Refused, match="UNKNOWN_ROLE: There is no role of this name"):
        await make_key(shop.database, "a", "king")
    assert await list_keys(shop.database) == []


async def test_the_secret_is_kept_as_a_hash_only(shop: Shop) -> None:
    key = await make_key(shop.database, "a", "administrator")
    [row] = await shop.database.rows("SELECT * FROM api_key")
    assert key[3:15] in tuple(row)
    assert not [value for value in row if isinstance(value, str) and (key[16:30] in value or key[-20:] in value)]


async def test_only_the_very_key_opens(shop: Shop) -> None:
    doorkeeper = Authenticator(shop)
    key = await make_key(shop.database, "till", "administrator")
    other = await make_key(shop.database, "other", "administrator")
    actor = await doorkeeper.actor_of(key)
    assert actor is not None
    assert (actor.name, actor.roles, actor.key_id) == ("till", ["administrator"], key[3:15])
    mixed = key[:16] + other[16:59]
    for wrong in (
        "", "rk_", key[:-1], key + "0", key + "\n", f" {key}", key.swapcase(), key.replace("rk_", "RK_"), key[:-6] + "000000",
        mixed + checksum(mixed), key[:15] + other[15:], "\ud800", "\0", "é" * 65, "rk_" * 100_000,
    ):  # fmt: skip
        for _ in range(2):  # nothing wrong is remembered as right
            assert await doorkeeper.actor_of(wrong) is None, wrong[:80]


async def test_a_wrong_checksum_does_not_ask_the_database_and_a_wrong_secret_does(shop: Shop) -> None:
    doorkeeper = Authenticator(shop)
    key = await make_key(shop.database, "till", "administrator")
    with shop.database.counting() as statements:
        await doorkeeper.actor_of(key[:-1] + ("0" if key[-1] != "0" else "1"))
    assert statements == []
    body = key[:16] + "x" * 43
    nobody = "rk_" + "x" * 12 + key[15:59]
    for asked in (body + checksum(body), nobody + checksum(nobody), key):
        with shop.database.counting() as statements:
            await doorkeeper.actor_of(asked)
        assert len(statements) == 1


async def test_a_good_key_is_believed_for_a_while_and_no_longer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(authentication.time, "monotonic", lambda: clock[0])
    doorkeeper, other = Authenticator(shop), Authenticator(shop)
    key = await make_key(shop.database, "till", "administrator")
    assert await doorkeeper.actor_of(key)
    with shop.database.counting() as statements:
        assert await doorkeeper.actor_of(key)
    assert statements == []
    await make_key(shop.database, "spare")
    await revoke(shop.database, key)  # as another process does
    assert await other.actor_of(key) is None
    clock[0] += authentication.REMEMBERED_SECONDS
    assert await doorkeeper.actor_of(key) is None
    row, spare = await list_keys(shop.database)
    assert (row.revoked_at is None, spare.revoked_at is None) == (False, True)
    for unknown in (key, "", "x" * 12, "x" * 300, "rk_\0_"):
        with pytest.raises(Refused, match="NOT_FOUND"):
            await revoke(shop.database, unknown)


async def test_a_memory_that_is_full_starts_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_REMEMBERED_KEYS", 3)
    doorkeeper = Authenticator(shop)
    keys = [await make_key(shop.database, f"{n}", "administrator") for n in range(5)]
    for key in keys * 2:
        actor = await doorkeeper.actor_of(key)
        assert actor is not None
        assert actor.key_id == key[3:15]
        assert len(doorkeeper._known) <= 3


def content(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_no_key_stands_in_the_file(shop: Shop) -> None:
    key = await make_key(shop.database, "till", "administrator")
    await Authenticator(shop).actor_of(key)
    written = content(sqlite_path(shop.database.url))
    assert key[3:15].encode() in written
    assert key[16:59].encode() not in written
