"""Purchases that go to who made them, by command."""

from dataclasses import replace
from typing import Any

from regulars_core.customers.rules import NewCustomer
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.refunds import void
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import create_store
from tests.support.commands import Regulars, in_shop, register


def test_purchases_go_to_who_made_them(regulars: Regulars, database_url: str) -> None:
    ana, bo = register(database_url, NewCustomer("Ana", "Li", code="C-1"), NewCustomer("Bo", "Li", code="C-2"))

    async def sell(shop: Shop) -> None:
        store = await shop.database.transaction(lambda: create_store(shop, "S1", "One"))
        for reference, place in (("R1", store), ("A/7", MAIN_STORE_ID), ("R1", MAIN_STORE_ID)):
            new = NewPurchase(reference, place, ana, Instant(0), shop.currency, [NewLine("Tea", 1_000_000, total=100)])
            [made] = await record(shop, [checked(new, shop.currency)])
        assert made.id is not None
        await void(shop, made.id)  # and rung again: the new one is meant
        await record(shop, [checked(replace(new, replaces_voided=True), shop.currency)])

    async def owners(shop: Shop) -> list[Any]:
        rows = await shop.database.rows("SELECT reference, customer_id FROM purchase ORDER BY reference, customer_id")
        told = await shop.database.rows("SELECT key_id, changes FROM audit WHERE action = 'purchasesReassign'")
        return [sorted(map(tuple, rows)), [tuple(row) for row in told]]

    in_shop(database_url, sell)
    moved = regulars("reassign", "s1/R1", "MAIN/A/7", "--to", "c-2", "--reason", "Twins.", database_url=database_url)
    assert (moved.exit_code, moved.stdout) == (0, "2 purchases moved.\n")
    there, told = in_shop(database_url, owners)
    assert there == sorted([("A/7", bo), ("R1", ana), ("R1", ana), ("R1", bo)])
    assert [row[0] for row in told] == ["operator", "operator"]
    assert "Twins" not in told[0][1]
    again = regulars("reassign", "R1", "--to-nobody", database_url=database_url)
    assert again.stdout == "1 purchases moved.\n"
    for given, said in (
        (("S1/R2", "--to", "C-2"), "There is no purchase S1/R2."),
        (("S1/R1", "--to", "C-3"), "There is no customer with the code C-3."),
        (("S1/R1",), "either --to CODE or --to-nobody"),
        (("S1/R1", "--to", "C-2", "--to-nobody"), "either --to CODE or --to-nobody"),
    ):
        refused = regulars("reassign", *given, database_url=database_url)
        assert refused.exit_code == 1
        assert said in refused.stderr
