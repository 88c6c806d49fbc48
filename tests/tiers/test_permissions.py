"""Who may see what of tiers: a tier and its standing are the whole shop's, and what tiers of many add up is told only to who may
see all purchases."""

import pytest

from regulars_core.plugin import MAIN_STORE_ID, Actor
from regulars_core.shop.actors import Binding
from regulars_schema.testing import Api
from regulars_tiers.permissions import VIEW
from tests.tiers.conftest import Owner

FIGURES = ("{ tierDistribution { totalSpent { amount } } }",)


def client(owner: Owner, *bindings: Binding) -> Api:
    return Api(owner.api.schema, owner.shop, Actor("key", "till", bindings))


def test_roles_in_the_box(owner: Owner) -> None:
    held = {role for role, permissions in owner.shop.permissions.roles.items() if "tiers.assign" in permissions}
    assert held == {"store_manager", "support", "administrator"}


@pytest.mark.parametrize("document", FIGURES)
async def test_figures_of_all_stores_need_the_purchases_of_all_stores(owner: Owner, document: str) -> None:
    for _ in range(2):
        await owner.sells(await owner.customer(), "7777.76", "2026-01-10")
    known = owner.shop.permissions
    branch = client(owner, Binding.of(known, "cashier", [MAIN_STORE_ID]))
    blind = client(owner, Binding.of(known, "own", None, [VIEW, "customers.view"]))
    for caller in (branch, blind):
        answer = await caller.ask(document)
        assert answer.codes == ["FORBIDDEN"]
        assert answer.errors[0]["extensions"]["permission"] == "purchases.view"
        tiers = (await caller.data("{ customers { nodes { tier { code } } } }"))["customers"]["nodes"]
        assert tiers == [{"tier": {"code": "A"}}] * 2
    assert (await client(owner, Binding.of(known, "cashier")).ask(document)).errors == []


async def test_a_standing_is_the_whole_shop_s_as_the_tier_is(owner: Owner) -> None:
    await owner.sells(await owner.customer(), "7777.76", "2026-01-10")
    document = (
        "{ customers { nodes { tierStanding { tier { code } explanation { purchaseCount purchases { id } } } } } }"
    )
    known = owner.shop.permissions
    whole = await client(owner, Binding.of(known, "cashier")).data(document)
    elsewhere = client(owner, Binding.of(known, "store_terminal", ["f" * 32]))
    told = await elsewhere.data(document)
    for one, other in zip(whole["customers"]["nodes"], told["customers"]["nodes"], strict=True):
        for ours, theirs in zip(one["tierStanding"]["explanation"], other["tierStanding"]["explanation"], strict=True):
            assert theirs == {"purchaseCount": ours["purchaseCount"], "purchases": []}
            assert ours["purchases"]
    blind = client(owner, Binding.of(known, "own", None, [VIEW, "customers.view"]))
    answer = await blind.ask(document)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.data["customers"]["nodes"][0]["tierStanding"]["tier"] == {"code": "A"}
    assert (await client(owner, Binding.of(known, "own", None, ["customers.view"])).ask(document)).codes == [
        "FORBIDDEN"
    ]


async def test_a_filter_is_not_asked_by_who_may_not_see_customers(owner: Owner) -> None:
    await owner.customer()
    blind = client(owner, Binding.of(owner.shop.permissions, "own", None, ["tiers.manage"]))
    document = "mutation { tiersReassess(input: {where: {status: {in: [ACTIVE]}}}) { queuedCount } }"
    assert (await blind.ask(document)).codes == ["FORBIDDEN"]
