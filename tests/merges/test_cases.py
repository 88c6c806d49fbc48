"""What other systems publish about their merges, and what it is here."""

from typing import Any

from regulars_core.shop.actors import Actor
from regulars_schema.testing import Api
from tests.merges.conftest import Desk
from tests.support.keys import holding

_SECRET = {"name": "secret", "type": "TEXT", "isSensitive": True}
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


async def test_whether_two_have_the_same_is_told_to_nobody_who_may_not_see_it(desk: Desk) -> None:
    """A preview writes nothing, so it could be asked for every tax id, and every date of birth."""
    await desk.api.done("customerAttributeDefine", "customerAttribute { name }", _SECRET)
    told: dict[str, Any] = {
        "taxId": "T-1",
        "birthDate": "1990-02-28",
        "attributes": [{"name": "secret", "value": "yes"}],
    }
    ana, same = await desk.customer("Ana", **told), await desk.customer("Bea", **told, force=True)
    other = {"taxId": "T-2", "birthDate": "1991-02-28", "attributes": [{"name": "secret", "value": "no"}]}
    another = await desk.customer("Cea", **other)
    document = (
        "query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) { fields { field } } }"
    )

    async def seen(by: Api, whom: str) -> list[str]:
        asked = {"survivorId": ana, "absorbedIds": [whom]}
        return [one["field"] for one in (await by.data(document, input=asked))["customersMergePreview"]["fields"]]

    one = Api(desk.api.schema, desk.shop, Actor("k", "k", (holding("customers.view", "customers.merge"),)))
    assert await seen(one, same) == await seen(one, another) == ["firstName"]
    personal = Api(
        desk.api.schema,
        desk.shop,
        Actor("k", "k", (holding("customers.view", "customers.view_pii", "customers.merge"),)),
    )
    assert [await seen(personal, whom) for whom in (same, another)] == [["firstName"], ["firstName", "birthDate"]]
    assert set(await seen(desk.api, another)) == {"firstName", "birthDate", "taxId", "attributes.secret"}


async def test_how_much_goes_over_is_told_to_who_sees_it_in_the_whole_shop(desk: Desk) -> None:
    ana, bea = await desk.customer("Ana"), await desk.customer("Bea")
    await desk.sells(bea)
    await desk.api.done("noteAdd", "note { id }", {"customerId": bea, "body": "Likes tea."})
    here = await desk.api.data("{ stores { nodes { id } } }")
    merging, store = (
        holding("customers.view", "customers.merge"),
        here["stores"]["nodes"][0]["id"].removeprefix("store_"),
    )
    document = "query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) { moved { kind } } }"
    for also, kinds in (
        ((), []),
        ((holding("purchases.view", stores=[store]),), []),
        ((holding("purchases.view"),), ["purchases"]),
        ((holding("purchases.view"), holding("notes.view")), ["notes", "purchases"]),
    ):
        api = Api(desk.api.schema, desk.shop, Actor("k", "k", (merging, *also)))
        asked = {"survivorId": ana, "absorbedIds": [bea]}
        moved = (await api.data(document, input=asked))["customersMergePreview"]["moved"]
        assert [one["kind"] for one in moved] == kinds
