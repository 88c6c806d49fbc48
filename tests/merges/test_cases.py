"""What other systems publish about their merges, and what it is here."""

from typing import Any

from tests.merges.conftest import Desk

FIELDS = "firstName email phone status createdAt tags"


async def registered(desk: Desk, name: str, created: str | None = None, **given: Any) -> str:
    """A customer, registered at some time."""
    who = await desk.customer(name, **given)
    if created is not None:
        database = desk.shop.database
        sql = "UPDATE customer SET created_at = $2 WHERE id = $1"
        at = int(created) * 1_000
        await database.transaction(lambda: database.run(sql, who.removeprefix("customer_"), at))
    return who


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str | None, dict[str, Any]]] = [
    ("P-M01", {"email": "abc@example.org"}, {"email": "ghi@example.org"}, None, {"email": "abc@example.org"}),
    ("P-M01", {"email": "jkl@example.org"}, {"email": "mno@example.org"}, "email", {"email": "mno@example.org"}),
    ("P-M03", {"created": "1356998400"}, {"created": "1262304000"}, None, {"createdAt": "2010-01-01T00:00:00.000Z"}),
    ("P-M03", {"created": "1262304000"}, {"created": "1356998400"}, None, {"createdAt": "2010-01-01T00:00:00.000Z"}),
    ("P-M08", {"phone": "55 1234 5678"}, {"phone": "55 8765 4321"}, None, {"phone": "+525512345678"}),
    ("P-M13", {}, {"email": "p@example.org", "phone": "55 1234 8765"}, None, {"email": "p@example.org"}),
    ("P-M15", {"tags": ["a"]}, {"tags": ["b"]}, None, {"tags": ["a", "b"]}),
]  # fmt: skip
"""The case, the survivor, the other, a field that is the other's by choice, and what the survivor has."""


async def test_fields(desk: Desk) -> None:
    for case, survivor, other, overridden, expected in CASES:
        stays, goes = await registered(desk, "Ana", **survivor), await registered(desk, "Anna", **other)
        choices = {"overrides": [{"field": overridden, "customerId": goes}]} if overridden else {}
        await desk.merges(stays, goes, **choices)
        shown = await desk.shown(stays, FIELDS)
        assert expected.items() <= shown.items(), case


async def test_the_most_restrictive_status(desk: Desk) -> None:
    """P-M15: rules decide, nobody is asked."""
    for states in (("", "Suspend"), ("Deactivate", "Suspend"), ("Suspend", "Deactivate")):
        people = [await desk.customer(name) for name in ("Ana", "Anna")]
        for who, state in zip(people, states, strict=True):
            if state:
                await desk.api.done(f"customer{state}", "customer { id }", {"id": who})
        await desk.merges(*people)
        assert (await desk.shown(people[0], "status"))["status"] == "SUSPENDED"


async def test_what_was_found_is_found(desk: Desk) -> None:
    """P-M07, P-M09, P-M10, P-M16: what was the other's is the survivor's, its address finds the survivor, and it is undone."""
    ana, other = [await desk.customer(name, email=f"{name}@example.org") for name in ("a", "b")]
    sale = await desk.sells(other)
    done = await desk.merges(ana, other)
    [bought] = (await desk.shown(ana, "purchases { nodes { id } }"))["purchases"]["nodes"]
    assert bought["id"] == sale["id"]
    given = {"firstName": "B", "lastName": "Li", "email": "b@example.org", "matchOn": ["EMAIL"]}
    again = await desk.api.done("customerCreate", "customer { id email } created", given)
    assert (again["customer"], again["created"]) == ({"id": ana, "email": "a@example.org"}, False)
    await desk.undoes(done)
    assert (await desk.shown(other, "email status")) == {"email": "b@example.org", "status": "ACTIVE"}
    again = await desk.api.done("customerCreate", "customer { id } created", given)
    assert again["customer"] == {"id": other}
