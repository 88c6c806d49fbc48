"""Purchases by their place in the calendar where the shop is, and customers by such purchases."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

ASK = "query($where: PurchaseWhere) { purchases(first: 100, where: $where) { nodes { reference purchasedAt } } }"
ZONE = "America/New_York"
TIMES = (
    "2026-03-08T06:59:59.999Z", "2026-03-08T07:00:00Z",  # the clock goes from 2 to 3
    "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z",  # 1:30 twice
    "2026-01-01T04:59:59Z", "2026-01-01T05:00:00Z",  # the old year, the new one
    "1969-12-31T23:30:00Z", "2020-02-29T12:00:00Z", "2026-08-01T03:59:59Z", "2026-08-03T16:00:00Z",
)  # fmt: skip
TREES: tuple[dict[str, list[int]], ...] = (
    {"hours": [1]}, {"hours": [3, 23]}, {"months": [12]}, {"months": [1, 8]}, {"weekdays": [7]}, {"weekdays": [1, 6]},
    {"weekdays": [7], "hours": [1], "months": [11]}, {"hours": []}, {"hours": list(range(24))},
)  # fmt: skip


def holds(at: str, tree: dict[str, list[int]]) -> bool:
    local = datetime.fromisoformat(at).astimezone(UTC).astimezone(ZoneInfo(ZONE))
    shown = {"hours": local.hour, "weekdays": local.isoweekday(), "months": local.month}
    return all(shown[name] in wanted for name, wanted in tree.items())


async def test_by_the_clocks_of_the_shop(open_shop: OpenShop) -> None:
    api: Api = Api.of(await open_shop(timezone=ZONE))
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    for n, at in enumerate(TIMES):
        given: Any = {"reference": f"R{n}", "lines": [{"name": "Tea", "total": "1.00"}], "purchasedAt": at}
        await api.done(
            "purchaseRecord", "created", {**given, "customerId": made["customer"]["id"]} if n == 3 else given
        )
    for tree in TREES:
        found = (await api.data(ASK, where={"calendar": tree}))["purchases"]["nodes"]
        wanted = {f"R{n}" for n, at in enumerate(TIMES) if holds(at, tree)}
        assert (tree, {one["reference"] for one in found}) == (tree, wanted)
    people = "query($where: CustomerWhere) { customers(where: $where) { totalCount } }"
    for tree, count in ((TREES[6], 1), ({"months": [12]}, 0)):
        where = {"purchases": {"where": {"calendar": tree}}}
        assert (await api.data(people, where=where))["customers"]["totalCount"] == count
    wrong: tuple[tuple[Any, list[str]], ...] = (
        ({}, []), ({"hours": None}, ["hours"]), ({"hours": [0, 24]}, ["hours", "1"]), ({"weekdays": [0]}, ["weekdays", "0"]),
        ({"months": [13]}, ["months", "0"]),
    )  # fmt: skip
    for tree, place in wrong:
        answer = await api.ask(ASK, where={"calendar": tree})
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (
            ["BAD_USER_INPUT"],
            ["where", "calendar", *place],
        )
