"""A file is brought again after a merge: what it tells of a record that is an alias by now overwrites nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from regulars_core.customers.changes import change, remove_tags
from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.plan import Override
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.plugin import Shop, hookimpl, plugins_on
from tests.hooks.conftest import OpenWith, open_with
from tests.imports.conftest import Files, Importing, silent

__all__ = ["open_with"]

HEAD = "code,first_name,last_name,email,phone,tags,group,billing_line1,billing_city\n"
ANA = "A1,Ana,Ruiz,ana@example.com,,coffee,Retail,,\n"
ANNA = "B1,Anna,Ruis,anna@example.com,+525512345678,tea,Wholesale,Calle 2,Puebla\n"


async def of(shop: Shop, code: str) -> Mapping[str, Any]:
    """What is known of the record with this code."""
    names = "c.id, c.first_name, c.last_name, c.email, c.phone, g.name, a.line1, a.city, c.version"
    row = await shop.database.row(
        f"SELECT {names} FROM customer c JOIN customer_group g ON g.id = c.group_id"
        " LEFT JOIN customer_address a ON a.customer_id = c.id AND a.kind = 'BILLING' WHERE c.code = $1",
        code,
    )
    assert row is not None
    tags = await shop.database.rows("SELECT tag FROM customer_tag WHERE customer_id = $1 ORDER BY tag_key", row[0])
    keys = ("id", "first_name", "last_name", "email", "phone", "group", "line1", "city", "version")
    return {**dict(zip(keys, row, strict=True)), "tags": [tag[0] for tag in tags]}


async def made_one(shop: Shop, *overrides: str) -> str:
    """Merge B1 into A1; of the fields that are named B1's is kept."""
    ana, anna = (await of(shop, "A1"))["id"], (await of(shop, "B1"))["id"]
    return await merge(shop, Wanted(ana, [anna], [Override(field, anna) for field in overrides]), "me")


@pytest.mark.parametrize("rows", [(ANA, ANNA), (ANNA, ANA)], ids=["survivor first", "alias first"])
async def test_the_same_file_changes_nothing(
    shop: Shop, customers: Importing, files: Files, everything: Any, rows: Sequence[str]
) -> None:
    await customers(HEAD + "".join(rows))
    await made_one(shop)
    before = await everything()
    report = await customers(HEAD + "".join(rows))
    assert (report.created, report.updated, report.unchanged, report.rejected) == (0, 0, 2, 0)
    assert await everything() == before


async def test_an_old_row_of_an_alias_brings_nothing_back(shop: Shop, customers: Importing) -> None:
    """Neither what the survivor never had, nor what somebody has taken away since."""
    await customers(HEAD + ANA + ANNA)
    await made_one(shop)
    ana = (await of(shop, "A1"))["id"]
    await change(shop, ana, {"phone": None, "billing_address": None, "first_name": "Anita"})
    await remove_tags(shop, ana, ["tea"])
    before = await of(shop, "A1")
    assert (before["first_name"], before["phone"], before["line1"], before["tags"]) == ("Anita", None, None, ["coffee"])
    for row in (ANNA, ANNA.replace("B1", ""), ANNA.replace("B1", "").replace("anna@example.com", "")):
        report = await customers(HEAD + row)  # by code, by e-mail, by phone
        assert (report.updated, report.unchanged, report.rejected) == (0, 1, 0)
    assert await of(shop, "A1") == before


async def test_what_is_new_of_an_alias_fills_gaps_and_overwrites_nothing(
    shop: Shop, customers: Importing, files: Files, everything: Any
) -> None:
    await customers(HEAD + ANA + "B1,Anna,Ruis,anna@example.com,,tea,Retail,,\n")
    await made_one(shop)
    news = "B1,Anna,Ruis,anna@example.com,+525587654321,tea|new,Retail,,Toluca\n"
    for changed in (1, 0):
        report = await customers(HEAD + ANA + news)
        assert (report.updated, report.unchanged, report.rejected) == (changed, 2 - changed, 0)
    survivor = await of(shop, "A1")
    assert (survivor["first_name"], survivor["email"]) == ("Ana", "ana@example.com")
    assert (survivor["phone"], survivor["city"]) == ("+525587654321", "Toluca")
    assert survivor["tags"] == ["coffee", "new", "tea"]
    before = await everything()
    row = "B1,Anna,Ruiz Sol,anna@example.com,+525511112222,,Wholesale,,Celaya\n"
    report = await customers(HEAD + row)
    assert (report.updated, report.unchanged, report.rejected) == (0, 0, 1)
    [rejected] = files.rejects()
    assert rejected["reject_code"] == "ALREADY_MERGED"
    assert rejected["reject_reason"] == (
        "This customer was merged into A1, who has something else here: last_name, phone, group, billing."
        " Name that one to change it."
    )
    assert {**await everything(), "customer_group": ""} == {**before, "customer_group": ""}


async def test_of_what_a_merge_chose_the_survivors_own_row_decides(shop: Shop, customers: Importing) -> None:
    """A row that names the survivor is the survivor's, as ever."""
    await customers(HEAD + ANA + ANNA)
    await made_one(shop, "firstName")
    assert (await of(shop, "A1"))["first_name"] == "Anna"
    report = await customers(HEAD + ANA + ANNA)
    assert (report.updated, report.unchanged) == (1, 1)
    assert (await of(shop, "A1"))["first_name"] == "Ana"


async def test_after_an_undo_each_row_is_its_own_again(shop: Shop, customers: Importing) -> None:
    await customers(HEAD + ANA + ANNA)
    await unmerge(shop, await made_one(shop))
    await customers(HEAD + ANNA.replace("Anna", "Annie"))
    assert ((await of(shop, "A1"))["first_name"], (await of(shop, "B1"))["first_name"]) == ("Ana", "Annie")


class Merges:
    """Does something as soon as a file has made a group: between the look at who is known, and the change."""

    def __init__(self) -> None:
        self.does: Callable[[], Awaitable[Any]] | None = None

    @hookimpl
    async def groups_created(self) -> None:
        if self.does is not None:
            what, self.does = self.does, None
            await what()


@pytest.mark.parametrize("is_undone", [False, True], ids=["merged", "undone"])
async def test_who_is_merged_meanwhile(open_with: OpenWith, files: Files, is_undone: bool) -> None:
    plugin = Merges()
    shop = await open_with(plugins_on({"merges": plugin}))

    async def brings(text: str) -> Any:
        return await import_customers(shop, files.write(HEAD + text), ImportOptions(), silent)

    await brings(ANA + ANNA)
    if is_undone:
        merge_id = await made_one(shop)
        plugin.does = lambda: unmerge(shop, merge_id)
    else:
        plugin.does = lambda: made_one(shop)
    report = await brings(ANNA.replace("Anna", "Annie").replace("Wholesale", "New"))
    assert plugin.does is None
    assert (report.updated, report.rejected) == ((1, 0) if is_undone else (0, 1))
    assert (await of(shop, "A1"))["first_name"] == "Ana"
    assert (await of(shop, "B1"))["first_name"] == ("Annie" if is_undone else "Anna")
