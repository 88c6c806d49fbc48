"""The versions of a shop's policy: which is in force when, in what order, and who may see them."""

from typing import Any

from regulars_core.plugin import Actor
from regulars_core.shop.actors import Binding
from regulars_schema.testing import Api
from tests.tiers.conftest import Owner
from tests.tiers.test_simulation import Calendar, asks

VERSIONS = """query($f: Int, $a: String, $l: Int, $b: String) { tierPolicies(first: $f, after: $a, last: $l, before: $b) {
    totalCount nodes { id number effectiveAt endsAt createdAt graceDays } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def put(owner: Owner, grace: int, effective: str) -> int:
    """A policy from some day on; the number of the version."""
    policy = {"graceDays": grace, "tiers": [asks("A", ("ORDERS", "LIFETIME", None, "3")), asks("C")]}
    given = {"policy": policy, "effectiveAt": f"{effective}T00:00:00Z"}
    made = await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
    return int(made["tierPolicy"]["number"])


async def pages(owner: Owner, **asked: Any) -> Any:
    return (await owner.api.data(VERSIONS, **asked))["tierPolicies"]


async def test_each_from_when_until_when(owner: Owner, calendar: Calendar) -> None:
    """One for February, one before it that is made later, one for next year, and one in the place of that."""
    with calendar("2026-01-20"):
        made = [
            await put(owner, n, day) for n, day in enumerate(("2026-02-01", "2026-01-01", "2027-01-01", "2027-01-01"))
        ]
        assert made == [1, 2, 3, 4]
        found = await pages(owner)
        assert found["totalCount"] == 5
        dates = [(one["number"], (one["effectiveAt"] or "")[:10], (one["endsAt"] or "")[:10]) for one in found["nodes"]]
        assert dates == [
            (4, "2027-01-01", ""), (3, "2027-01-01", "2027-01-01"), (1, "2026-02-01", "2027-01-01"),
            (2, "2026-01-01", "2026-02-01"), (0, "", "2026-01-01"),
        ]  # fmt: skip
        assert [one["createdAt"] and one["createdAt"][:10] for one in found["nodes"]] == ["2026-01-20"] * 4 + [None]
        for day, number in (
            ("2025-12-31", 0),
            ("2026-01-20", 2),
            ("2026-02-01", 1),
            ("2026-12-31", 1),
            ("2027-01-01", 4),
        ):
            document = "query($at: DateTime) { tierPolicy(at: $at) { number endsAt graceDays } }"
            in_force = (await owner.api.data(document, at=f"{day}T00:00:00Z"))["tierPolicy"]
            [listed] = [one for one in found["nodes"] if one["number"] == number]
            assert in_force == {name: listed[name] for name in in_force}
        for one in found["nodes"]:
            again = await owner.api.data(
                "query($id: ID!) { node(id: $id) { ... on TierPolicy { number endsAt } } }", id=one["id"]
            )
            assert again["node"] == {"number": one["number"], "endsAt": one["endsAt"]}


async def test_page_by_page_from_both_ends(owner: Owner, calendar: Calendar) -> None:
    with calendar("2026-01-20"):
        for n in range(4):
            await put(owner, n, f"2026-0{n + 2}-01")
        whole = [one["number"] for one in (await pages(owner))["nodes"]]
        assert whole == [4, 3, 2, 1, 0]
        for size, last, cursor in (("f", "hasNextPage", "endCursor"), ("l", "hasPreviousPage", "startCursor")):
            seen, place, more = list[int](), {}, True
            while more:
                page = await pages(owner, **{size: 2}, **place)
                numbers = [one["number"] for one in page["nodes"]]
                seen = [*seen, *numbers] if size == "f" else [*numbers, *seen]
                place = {"a" if size == "f" else "b": page["pageInfo"][cursor]}
                more = page["pageInfo"][last]
            assert seen == whole
        assert (await pages(owner, f=0))["nodes"] == []


async def test_who_may_see_tiers_sees_them(owner: Owner) -> None:
    known = owner.shop.permissions
    for held, codes in ((["tiers.view"], []), (["customers.view", "tiers.manage"], ["FORBIDDEN"])):
        caller = Api(owner.api.schema, owner.shop, Actor("key", "till", (Binding.of(known, "own", None, held),)))
        answer = await caller.ask("{ tierPolicies { nodes { number } } }")
        assert answer.codes == codes
        assert (answer.data["tierPolicies"] is None) is bool(codes)
