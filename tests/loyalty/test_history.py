"""The line of time of a customer's account: purchases, refunds and all that was posted, in one list."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.testing import statements
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.conftest import Owner, key, noon

EVENT = """at kind actor reason creditDelta { amount } creditAfter { amount } pointsDelta pointsAfter
  purchase { id } refund { id } store { code } creditEntries { kind } pointsEntries { kind }"""
PAGE = f"""accountHistory(first: $first, after: $after, last: $last, before: $before) {{
  totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} nodes {{ {EVENT} }} }}"""


async def history(owner: Owner, customer: str, **page: Any) -> Any:
    """A page of the line; all of it if nothing is said."""
    asked = {"first": None, "after": None, "last": None, "before": None} | (page or {"first": 100})
    return (await owner.asks(customer, PAGE, **asked))["accountHistory"]


def brief(event: Any) -> tuple[str, str, str, str, str, str]:
    """(day, kind, credit's change, credit then, points' change, points then)."""
    return (
        event["at"][5:10],
        event["kind"],
        event["creditDelta"]["amount"],
        event["creditAfter"]["amount"],
        event["pointsDelta"],
        event["pointsAfter"],
    )


async def a_little_of_everything(owner: Owner, calendar: Callable[[str], Any]) -> dict[str, str]:
    """A customer, a purchase that moves nothing, one that earns, its refund, and what is done by hand."""
    with calendar("2026-05-01"):
        ana = await owner.customer()
        plain = await owner.sells(ana, "10.00", "2026-05-01")
    with calendar("2026-05-02"):
        await owner.gives(ana, 5_000, "USD", note="Sorry.")
    with calendar("2026-05-03"):
        earning = await owner.sells(ana, "20.00", "2026-05-03")
        await owner.gives(
            ana, 20, kind="EARN", purchase=earning, at=noon("2026-05-03"), expires=noon("2026-05-10"), base=2_000
        )
        await owner.takes(ana, 1_500, "USD", kind="PAYMENT", purchase=earning, at=noon("2026-05-03"))
    with calendar("2026-05-04"):
        await owner.refunds(earning, "10.00", "2026-05-04")
        [refund] = (await owner.api.data("query($id: ID!) { purchase(id: $id) { refunds { id } } }", id=earning))[
            "purchase"
        ]["refunds"]
    with calendar("2026-05-05"):
        await owner.refunds(plain, "1.00", "2026-05-05")
        await owner.takes(ana, 500, "USD")
    return {"ana": ana, "plain": plain, "earning": earning, "refund": refund["id"]}


EXPECTED = [
    ("05-05", "UNFUNDING", "-5.00", "30.00", "0", "10"),
    ("05-05", "REFUND", "0.00", "35.00", "0", "10"),
    ("05-04", "REFUND", "0.00", "35.00", "-10", "10"),
    ("05-03", "PURCHASE", "-15.00", "35.00", "20", "20"),
    ("05-02", "FUNDING", "50.00", "50.00", "0", "0"),
    ("05-01", "PURCHASE", "0.00", "0.00", "0", "0"),
]


async def test_all_of_it_in_one_line_of_time(owner: Owner, calendar: Callable[[str], Any]) -> None:
    made = await a_little_of_everything(owner, calendar)
    with calendar("2026-05-06"):
        found = await history(owner, made["ana"])
        assert found["totalCount"] == 6
        events = found["nodes"]
        assert [brief(one) for one in events] == EXPECTED
        by_hand, plain_back, back, sale, funding, plain = events
        assert (by_hand["reason"], by_hand["actor"], by_hand["store"]) == ("GOODWILL", "till", None)
        assert (sale["purchase"]["id"], sale["refund"]) == (made["earning"], None)
        assert [one["kind"] for one in sale["creditEntries"]] == ["PAYMENT"]
        assert [one["kind"] for one in sale["pointsEntries"]] == ["EARN"]
        assert (back["purchase"]["id"], back["refund"]["id"]) == (made["earning"], made["refund"])
        assert (plain["purchase"]["id"], plain["store"]["code"], plain["actor"]) == (made["plain"], "MAIN", "till")
        assert plain_back["purchase"]["id"] == made["plain"]
        assert (plain["creditEntries"], plain["pointsEntries"], funding["purchase"]) == ([], [], None)


async def test_what_expired_stands_in_it_once_it_was_posted(owner: Owner, calendar: Callable[[str], Any]) -> None:
    made = await a_little_of_everything(owner, calendar)
    with calendar("2026-05-20"):
        await owner.posts(made["ana"], POINTS, lambda account: account.post_due())
        [first, *_] = (await history(owner, made["ana"]))["nodes"]
    assert brief(first) == ("05-10", "EXPIRE", "0.00", "30.00", "-10", "0")
    assert (first["actor"], first["reason"]) == (None, None)


@pytest.mark.parametrize("size", [1, 2, 4])
async def test_pages_in_both_directions(owner: Owner, calendar: Callable[[str], Any], size: int) -> None:
    made = await a_little_of_everything(owner, calendar)
    with calendar("2026-05-06"):
        forwards: list[Any] = []
        after = None
        while True:
            page = await history(owner, made["ana"], first=size, after=after)
            forwards += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [brief(one) for one in forwards] == EXPECTED
        backwards: list[Any] = []
        before = None
        while True:
            page = await history(owner, made["ana"], last=size, before=before)
            backwards = page["nodes"] + backwards
            before = page["pageInfo"]["startCursor"]
            if not page["pageInfo"]["hasPreviousPage"]:
                break
        assert [brief(one) for one in backwards] == EXPECTED


async def test_the_balance_follows_the_order_of_recording(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """A purchase of long ago that is told after credit was given had that credit before it."""
    with calendar("2026-05-02"):
        ana = await owner.customer()
        await owner.gives(ana, 5_000, "USD")
        await owner.sells(ana, "10.00", "2026-01-01")
        lines = [brief(one)[:4] for one in (await history(owner, ana))["nodes"]]
    assert lines == [("05-02", "FUNDING", "50.00", "50.00"), ("01-01", "PURCHASE", "0.00", "50.00")]


async def test_purchases_of_other_stores(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """Who sees no purchases there sees those that moved something, and of these nothing but that."""
    made = await a_little_of_everything(owner, calendar)
    with calendar("2026-05-06"):
        store = await owner.api.done("storeCreate", "store { id }", {"code": "S2", "name": "Two"})
        there = await owner.sells(made["ana"], "5.00", "2026-05-06", storeCode="S2")
        api = owner.by("cashier", stores=[key(store["store"]["id"])])
        document = f"query($id: ID!) {{ customer(id: $id) {{ accountHistory {{ totalCount nodes {{ {EVENT} }} }} }} }}"
        found = (await api.data(document, id=made["ana"]))["customer"]["accountHistory"]
    # Where a cashier may see the customer in the whole shop, what was bought elsewhere and moved nothing is left out.
    assert [brief(one)[1] for one in found["nodes"]] == ["PURCHASE", "UNFUNDING", "REFUND", "PURCHASE", "FUNDING"]
    assert found["totalCount"] == 5
    assert [one["purchase"] and one["purchase"]["id"] for one in found["nodes"]] == [there, None, None, None, None]
    assert [one["refund"] for one in found["nodes"]] == [None] * 5


async def test_nobody_sees_points_in_it_without_the_permission(owner: Owner, calendar: Callable[[str], Any]) -> None:
    made = await a_little_of_everything(owner, calendar)
    api = owner.by("reader", own=["credit.view", "customers.view"])
    document = f"query($id: ID!) {{ customer(id: $id) {{ accountHistory {{ nodes {{ {EVENT} }} }} }} }}"
    answer = await api.ask(document, id=made["ana"])
    events = answer.data["customer"]["accountHistory"]["nodes"]
    assert [one["kind"] for one in events] == ["UNFUNDING", "REFUND", "PURCHASE", "FUNDING"]
    hidden = ("pointsDelta", "pointsAfter", "pointsEntries", "purchase")
    assert all(one[name] is None for one in events for name in hidden)
    assert set(answer.codes) == {"FORBIDDEN"}


async def test_who_was_merged(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """The survivor's line has what happened to the other before, too; the other's own line stays, and ends with the merge."""
    with calendar("2026-05-01"):
        ana, other = await owner.customer(), await owner.customer("Bo")
        await owner.gives(ana, 5)
    with calendar("2026-05-02"):
        bought = await owner.sells(other, "20.00", "2026-05-02")
        await owner.gives(other, 20, kind="EARN", purchase=bought, at=noon("2026-05-02"))
    with calendar("2026-05-03"):
        await owner.merges(ana, other)
    with calendar("2026-05-04"):
        own = "points { balance entries { totalCount nodes { kind customer { id } } } }"
        theirs = f"accountHistory {{ totalCount nodes {{ {EVENT} }} }}"
        found = await owner.asks(ana, own + theirs)
        assert [brief(one) for one in found["accountHistory"]["nodes"]] == [
            ("05-03", "MERGE", "0.00", "0.00", "20", "25"),
            ("05-02", "PURCHASE", "0.00", "0.00", "20", "20"),
            ("05-01", "ADJUST", "0.00", "0.00", "5", "5"),
        ]
        assert found["accountHistory"]["totalCount"] == 3
        assert found["accountHistory"]["nodes"][1]["purchase"]["id"] == bought
        kinds = [(one["kind"], one["customer"]["id"]) for one in found["points"]["entries"]["nodes"]]
        assert (found["points"]["balance"], kinds) == ("25", [("MERGE_IN", ana), ("ADJUST", ana)])
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on Customer {{ id {own} {theirs} }} }} }}"
        merged = (await owner.api.data(document, id=other))["node"]
        kinds = [(one["kind"], one["customer"]["id"]) for one in merged["points"]["entries"]["nodes"]]
        assert (merged["id"], merged["points"]["balance"]) == (other, "0")
        assert kinds == [("MERGE_OUT", other), ("EARN", other)]
        lines = [brief(one) for one in merged["accountHistory"]["nodes"]]
        assert [(one[1], one[4], one[5]) for one in lines] == [("MERGE", "-20", "0"), ("PURCHASE", "20", "20")]


@pytest.mark.one_executor
async def test_a_level_is_a_constant_number_of_statements(owner: Owner) -> None:
    for n in range(20):
        customer = await owner.customer(f"Ana{n}")
        await owner.gives(customer, 100)
        await owner.sells(customer, "10.00", "2026-05-01")
    line = f"accountHistory(first: 5) {{ nodes {{ {EVENT} }} }}"
    document = f"query($first: Int) {{ customers(first: $first) {{ nodes {{ {line} }} }} }}"
    for first in (1, 20):
        with statements(owner.shop, 9):
            found = (await owner.api.data(document, first=first))["customers"]["nodes"]
        assert [len(one["accountHistory"]["nodes"]) for one in found] == [2] * first
