"""Keys and their roles, by command."""

from typing import Any

import pytest

from regulars_core.keys.authentication import Authenticator
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop


def test_a_key_is_shown_once_and_kept_nowhere(regulars: Regulars, database_url: str) -> None:
    made = regulars("key", "create", "--name", "  Till 1 ", "--role", "administrator", database_url=database_url)
    assert made.exit_code == 0
    [key] = made.stdout.splitlines()
    _, id_, secret = key.split("_")

    async def look(shop: Shop) -> tuple[Any, Any]:
        rows = await shop.database.rows("SELECT * FROM api_key")
        return [tuple(row) for row in rows], await Authenticator(shop).actor_of(key)

    rows, actor = in_shop(database_url, look)
    assert (actor.name, actor.roles, actor.key_id) == ("Till 1", ["administrator"], id_)
    assert len(rows) == 1
    assert not [value for value in rows[0] if isinstance(value, str) and secret[:43] in value]
    listed = regulars("key", "list", database_url=database_url)
    assert id_ in listed.stdout
    assert "Till 1" in listed.stdout
    assert secret[:12] not in listed.stdout
    last = regulars("key", "revoke", id_, database_url=database_url)
    assert last.exit_code == 1
    assert "last key that administers the whole shop" in last.stderr
    regulars("key", "create", "--name", "Till 2", "--role", "administrator", database_url=database_url)
    revoked = regulars("key", "revoke", id_, database_url=database_url)
    assert (revoked.exit_code, revoked.stdout) == (0, f"Revoked {id_}.\n")
    assert in_shop(database_url, look)[1] is None
    for wrong in (id_, "nobody", key):
        again = regulars("key", "revoke", wrong, database_url=database_url)
        assert again.exit_code == 1
        assert "no live key" in again.stderr
    assert id_ in regulars("key", "list", database_url=database_url).stdout


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "role", "said"),
    [
        ("a", "king", "administrator"),
        (" ", "administrator", "not be empty"),
        ("x" * 121, "administrator", "At most 120"),
    ],
)
def test_a_key_that_cannot_be(regulars: Regulars, database_url: str, name: str, role: str, said: str) -> None:
    refused = regulars("key", "create", "--name", name, "--role", role, database_url=database_url)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert "rk_" not in refused.output


def test_keys_have_roles_in_stores(regulars: Regulars, database_url: str) -> None:
    def ran(*arguments: str) -> str:
        done = regulars(*arguments, database_url=database_url)
        assert done.exit_code == 0, done.stderr
        return " ".join(done.stdout.replace("│", " ").split())

    def refused(*arguments: str) -> str:
        done = regulars(*arguments, database_url=database_url)
        assert (done.exit_code, done.stdout) == (1, "")
        return done.stderr

    assert (
        ran("role", "create", "reader", "--permissions", "customers.view, customers.view_sensitive") == "Made reader."
    )
    assert "a role of this name already" in refused(
        "role", "create", "reader", "--permissions", "customers.view_sensitive"
    )
    assert "no such permission" in refused("role", "create", "other", "--permissions", "notes.burn")
    given = ("--name", "Desk", "--role", "reader", "--role", "cashier", "--store", "main")
    key = ran("key", "create", *given)
    assert "no store with this code" in refused("key", "create", *given, "--store", "S9")
    listed = ran("key", "list")
    assert "cashier in MAIN" in listed
    assert "reader in MAIN" in listed
    assert "reader the shop customers.view, customers.view_sensitive" in ran("role", "list")
    assert "cashier the box" in ran("role", "list")

    async def held(shop: Shop) -> Any:
        actor = await Authenticator(shop).actor_of(key)
        return actor and (actor.may("customers.view_sensitive"), actor.scope is None)

    assert in_shop(database_url, held) == (True, False)
    assert ran("role", "change", "reader", "--permissions", "customers.view") == "Changed reader."
    assert in_shop(database_url, held) == (False, False)
    assert "Live keys have this role" in refused("role", "delete", "reader")
    ran("key", "revoke", key.split("_")[1])
    assert ran("role", "delete", "reader") == "Deleted reader."
    assert "no role of this name" in refused("role", "delete", "reader")
