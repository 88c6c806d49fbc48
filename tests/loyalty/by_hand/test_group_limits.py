"""How far below zero the customers of a group may spend credit."""

import asyncio
from typing import Any

from regulars_core.plugin import DAY_MS, Instant, now, printed
from tests.loyalty.by_hand.conftest import Hand, credit
from tests.loyalty.conftest import Owner

GROUP = "customerGroup { id }"


async def group(owner: Owner, limit: Any = None, name: str = "Friends") -> str:
    """A group with a limit; its id."""
    given = {"name": name} | ({} if limit is None else {"creditLimit": {"amount": limit}})
    return str((await owner.api.done("customerGroupCreate", GROUP, given))["customerGroup"]["id"])


async def member(owner: Owner, group_id: str, name: str = "Ana") -> str:
    """A customer in a group."""
    ana = await owner.customer(name)
    await owner.api.done("customersAssignGroup", "movedCount", {"customerIds": [ana], "groupId": group_id})
    return ana


async def limits(owner: Owner, group_id: str, limit: Any) -> list[Any]:
    """Give a group another limit; the codes of the refusal with their paths."""
    return await Hand(owner).errors("customerGroupUpdate", {"id": group_id, "creditLimit": limit})


async def test_down_to_the_limit_and_no_further(owner: Owner, hand: Hand) -> None:
    friends = await group(owner, "50.00")
    ana, bo = await member(owner, friends), await owner.customer("Bo")
    assert (await hand.available(ana), await hand.available(bo)) == (5_000, 0)
    await hand.adds(ana, "10.00")
    entry = await hand.deducts(ana, "40.00")
    assert entry["balanceAfter"]["amount"] == "-30.00"
    refused = await hand.figures("creditDeduct", credit(ana, "20.01"))
    assert (refused["code"], refused["available"]["amount"]) == ("INSUFFICIENT_FUNDS", "20.00")
    await hand.deducts(ana, "20.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (-5_000, 0)
    await hand.adds(ana, "60.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (1_000, 6_000)
    assert await hand.errors("creditDeduct", credit(bo, "0.01")) == [("INSUFFICIENT_FUNDS", "input.amount")]


async def test_what_went_below_zero_is_taken_back_whole(owner: Owner, hand: Hand) -> None:
    ana = await member(owner, await group(owner, "50.00"))
    await hand.adds(ana, "10.00")
    entry = await hand.deducts(ana, "40.00")
    await hand.reverses(entry["id"])
    assert (await hand.balance(ana), await hand.available(ana)) == (1_000, 6_000)


async def test_a_limit_is_for_credit_alone(owner: Owner, hand: Hand) -> None:
    ana = await member(owner, await group(owner, "50.00"))
    assert await hand.available(ana, "PTS") == 0


async def test_a_limit_in_use_is_not_lowered_below(owner: Owner, hand: Hand) -> None:
    friends = await group(owner, "50.00")
    ana = await member(owner, friends)
    await hand.deducts(ana, "30.00")
    in_use = [("LIMIT_IN_USE", "input.creditLimit")]
    for limit in ({"amount": "29.99"}, {"amount": "0"}, None):
        assert await limits(owner, friends, limit) == in_use
    assert await limits(owner, friends, {"amount": "30.00"}) == []
    assert await hand.errors("creditDeduct", credit(ana, "0.01")) == [("INSUFFICIENT_FUNDS", "input.amount")]
    assert await limits(owner, friends, {"amount": "80.00"}) == []
    hold = await hand.holds(ana, "50.00")
    assert await limits(owner, friends, {"amount": "79.99"}) == in_use  # what is held counts as spent
    await hand.api.done("creditRelease", "hold { id }", {"holdId": hold["id"]})
    await hand.adds(ana, "30.00")
    assert await limits(owner, friends, None) == []
    assert await hand.available(ana) == 0
    assert await owner.shop.database.rows("SELECT * FROM loyalty_group_limit") == []


async def test_a_limit_that_is_not_named_stays(owner: Owner, hand: Hand) -> None:
    friends = await group(owner, "50.00")
    ana = await member(owner, friends)
    await owner.api.done("customerGroupUpdate", GROUP, {"id": friends, "name": "Amigos"})
    assert await hand.available(ana) == 5_000


async def test_refusals(owner: Owner, hand: Hand) -> None:
    friends = await group(owner)
    for limit, wanted in (
        ({"amount": "-1"}, [("INVALID_AMOUNT", "input.creditLimit.amount")]),
        ({"amount": "1.001"}, [("INVALID_AMOUNT", "input.creditLimit.amount")]),
        ({"amount": "1", "currencyCode": "EUR"}, [("CURRENCY_MISMATCH", "input.creditLimit.currencyCode")]),
    ):
        assert await limits(owner, friends, limit) == wanted
        assert await hand.errors("customerGroupCreate", {"name": "Others", "creditLimit": limit}) == wanted
    found = await owner.api.data("{ customerGroups { totalCount } }")
    assert found["customerGroups"]["totalCount"] == 2


async def test_it_takes_a_permission_of_its_own(owner: Owner) -> None:
    friends = await group(owner, "50.00")
    document = (
        "mutation($input: CustomerGroupUpdateInput!) { customerGroupUpdate(input: $input) { userErrors { code } } }"
    )
    given = {"id": friends, "creditLimit": {"amount": "60.00"}}
    without = await owner.by("own", own={"groups.manage"}).ask(document, input=given)
    assert (without.codes, without.errors[0]["extensions"]["permission"]) == (["FORBIDDEN"], "credit.limit")
    allowed = await owner.by("own", own={"groups.manage", "credit.limit"}).ask(document, input=given)
    assert allowed.data["customerGroupUpdate"]["userErrors"] == []


async def test_who_moves_owes_on_and_spends_by_the_new_limit(owner: Owner, hand: Hand) -> None:
    friends, others = await group(owner, "50.00"), await group(owner, "10.00", "Others")
    ana = await member(owner, friends)
    await hand.deducts(ana, "40.00")
    await owner.api.done("customersAssignGroup", "movedCount", {"customerIds": [ana], "groupId": others})
    assert (await hand.balance(ana), await hand.available(ana)) == (-4_000, 0)
    assert await limits(owner, friends, None) == []  # nobody is in it
    assert await limits(owner, others, {"amount": "20.00"}) == []  # one that rises is nobody's harm
    await hand.adds(ana, "35.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (-500, 1_500)


async def test_of_a_group_that_is_removed_nobody_goes_on_spending(owner: Owner, hand: Hand) -> None:
    friends = await group(owner, "50.00")
    ana = await member(owner, friends)
    await hand.deducts(ana, "40.00")
    default = (await owner.api.data("{ customerGroups { nodes { id isDefault } } }"))["customerGroups"]["nodes"]
    [target] = [one["id"] for one in default if one["isDefault"]]
    await owner.api.done("customerGroupDelete", "__typename", {"id": friends, "moveCustomersTo": target})
    assert (await hand.balance(ana), await hand.available(ana)) == (-4_000, 0)
    assert await hand.errors("creditDeduct", credit(ana, "1.00")) == [("INSUFFICIENT_FUNDS", "input.amount")]


async def test_a_limit_that_is_lowered_while_it_is_spent(owner: Owner, hand: Hand) -> None:
    """One of the two waits for the other: nobody is below the limit that stands."""
    for n in range(6):
        friends = await group(owner, "50.00", f"G{n}")
        members = [await member(owner, friends, f"A{m}") for m in range(3)]
        lowering = hand.errors("customerGroupUpdate", {"id": friends, "creditLimit": {"amount": "10.00"}})
        spending = [hand.errors("creditDeduct", credit(one, "40.00")) for one in members]
        lowered, *spent = await asyncio.gather(lowering, *spending)
        below = [await hand.balance(one) for one in members]
        if lowered:
            assert lowered == [("LIMIT_IN_USE", "input.creditLimit")]
            assert -4_000 in below
        else:
            assert below == [0, 0, 0]
            assert spent == [[("INSUFFICIENT_FUNDS", "input.amount")]] * 3


_SOON = "credit { balance { amount } expiringSoon(withinDays: 366) { remaining { amount } } }"


async def soon(owner: Owner, customer: str) -> tuple[str, list[str]]:
    """A balance, and what is left of each lot that ends."""
    found = (await owner.asks(customer, _SOON))["credit"]
    return found["balance"]["amount"], [lot["remaining"]["amount"] for lot in found["expiringSoon"]]


async def test_what_was_owed_comes_back_first_and_the_lot_stays(owner: Owner, hand: Hand) -> None:
    """What comes back of the debt pays what is still owed, and not the lot to which the rest goes back."""
    ana = await member(owner, await group(owner, "50.00"))
    end = printed(Instant(now() + 40 * DAY_MS))
    await hand.adds(ana, "10.00", expiresAt=end)
    entry = await hand.deducts(ana, "40.00")
    await hand.adds(ana, "20.00")
    await hand.reverses(entry["id"])
    assert await soon(owner, ana) == ("30.00", ["10.00"])


async def test_so_it_does_where_who_paid_was_merged_since(owner: Owner, hand: Hand) -> None:
    friends = await group(owner, "50.00")
    ana, bo = await member(owner, friends), await member(owner, friends, "Bo")
    end = printed(Instant(now() + 40 * DAY_MS))
    await hand.adds(ana, "10.00", expiresAt=end)
    lines = [{"name": "Tea", "quantity": "1", "unitPrice": "25.00", "creditFor": False}]
    paid = [{"method": "STORE_CREDIT", "amount": "25.00"}]
    given = {"customerId": ana, "reference": "R1", "lines": lines, "payments": paid}
    sold = await owner.api.done("purchaseRecord", "purchase { id }", given)
    await owner.merges(bo, ana)
    assert await soon(owner, bo) == ("-15.00", [])
    await owner.api.done("purchaseVoid", "__typename", {"purchaseId": sold["purchase"]["id"]})
    assert await soon(owner, bo) == ("10.00", ["10.00"])
