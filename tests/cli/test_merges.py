"""Customers who are made one, and two again, by command."""

from typing import Any

from regulars_core.customers.rules import NewCustomer
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register


def test_customers_are_made_one_and_two_again(regulars: Regulars, database_url: str) -> None:
    ana, bo, cy = register(database_url, *(NewCustomer(name, "Li", code=f"C-{name}") for name in ("Ana", "Bo", "Cy")))

    async def kept(shop: Shop) -> list[Any]:
        rows = await shop.database.rows("SELECT id, status, merged_into_id FROM customer ORDER BY code")
        told = await shop.database.rows("SELECT DISTINCT action FROM audit ORDER BY action")
        return [[tuple(row) for row in rows], [row[0] for row in told]]

    looked = regulars("merge", "c-ana", "C-BO", "--preview", database_url=database_url)
    assert (looked.exit_code, "Nothing is written." in looked.stdout) == (0, True), looked.output
    assert in_shop(database_url, kept)[0][1] == (bo, "ACTIVE", None)
    made = regulars("merge", "C-ANA", "C-BO", database_url=database_url)
    assert made.exit_code == 0, made.output
    merge = next(word for word in made.stdout.split() if word.startswith("merge_")).rstrip(",")
    rows, told = in_shop(database_url, kept)
    assert (rows, told) == ([(ana, "ACTIVE", None), (bo, "MERGED", ana), (cy, "ACTIVE", None)], ["customersMerge"])
    for given, said in (
        (("merge", "C-CY", "C-BO"), "merged into C-ANA already"),
        (("merge", "C-CY", "C-CY"), "named twice"),
        (("merge", "C-CY", "C-9"), "There is no customer with the code C-9."),
        (("unmerge", "merge_1"), "There is no merge merge_1."),
    ):
        refused = regulars(*given, database_url=database_url)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    undone = regulars("unmerge", merge, database_url=database_url)
    assert (undone.exit_code, undone.stdout) == (0, "Undone.\n"), undone.output
    rows, told = in_shop(database_url, kept)
    assert rows == [(ana, "ACTIVE", None), (bo, "ACTIVE", None), (cy, "ACTIVE", None)]
    assert told == ["customersMerge", "customersUnmerge"]
    assert regulars("verify", database_url=database_url).exit_code == 0
