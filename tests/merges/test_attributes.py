"""Values of declared attributes when customers are made one, and when that is undone."""

from typing import Any

from tests.merges.conftest import Desk

ATTRIBUTES = "attributes { name value }"


async def declared(desk: Desk) -> None:
    for name, more in (("card", {"isUnique": True, "isSensitive": True}), ("size", {"isUnique": True}), ("note", {})):
        given = {"name": name, "type": "TEXT", **more}
        await desk.api.done("customerAttributeDefine", "customerAttribute { name }", given)


def given(**values: str | None) -> dict[str, Any]:
    return {"attributes": [{"name": name, "value": value} for name, value in values.items()]}


async def has(desk: Desk, customer: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in (await desk.shown(customer, ATTRIBUTES))["attributes"]}


async def give(desk: Desk, customer: str, **values: str | None) -> list[str]:
    return await desk.api.refused("customerUpdate", {"id": customer, **given(**values)})


async def test_gaps_are_filled_and_what_was_anothers_finds_the_survivor(desk: Desk) -> None:
    """The survivor's value stays, and those of the others are still taken: until the undo, when each has its own again."""
    await declared(desk)
    ana = await desk.customer("Ana", **given(size="S", note="a"))
    bea = await desk.customer("Bea", **given(card="MC1", size="M", note="A"))
    cy = await desk.customer("Cy", **given(size="L"))
    done = await desk.merges(ana, bea, overrides=[])
    shown = {one["field"]: (one["keptFrom"], [each["value"] for each in one["values"]]) for one in done["fields"]}
    assert shown["attributes.card"] == (bea, [None, "MC1"])
    assert shown["attributes.size"] == (ana, ["S", "M"])
    assert "attributes.note" not in shown  # the same but for case
    assert await has(desk, ana) == {"card": "MC1", "size": "S", "note": "a"}
    support = Desk(desk.shop, "support")
    merges = (await support.shown(ana, "merges { fields { field values { value } } }"))["merges"]
    told = {one["field"]: [each["value"] for each in one["values"]] for one in merges[0]["fields"]}
    assert (told.get("attributes.card"), told["attributes.size"]) == (None, ["S", "M"])

    by = "query($key: AttributeKeyInput!) { customer(attribute: $key) { id } }"
    for name, value in (("size", "m"), ("size", "s"), ("card", "mc1")):
        assert (await desk.api.data(by, key={"name": name, "value": value}))["customer"]["id"] == ana
    search = '{ customerSearch(query: "M") { id } }'
    assert (await desk.api.data(search))["customerSearch"][0]["id"] == ana
    assert await give(desk, cy, size="M", card="mc1") == ["NOT_UNIQUE", "NOT_UNIQUE"]

    assert await give(desk, ana, size="M") == []  # what was Bea's, who is Ana now
    assert await give(desk, cy, size="S") == []
    await desk.undoes(done)
    assert await has(desk, bea) == {"card": "MC1", "size": "M", "note": "A"}
    assert await has(desk, ana) == {"note": "a"}  # M is Bea's again
    assert await has(desk, cy) == {"size": "S"}


async def test_what_is_put_back_is_allowed_by_then(desk: Desk) -> None:
    """Chosen from the other; undone, the survivor has its own again, unless somebody else has it by now; and what later merges
    have changed is theirs to put back."""
    await declared(desk)
    ana, dee = await desk.customer("Ana", **given(size="S", note="old")), await desk.customer("Dee")
    bea = await desk.customer("Bea", **given(size="M", note="new"))
    cy = await desk.customer("Cy", **given(size="L", card="C"))
    chosen = [{"field": f"attributes.{name}", "customerId": bea} for name in ("size", "note")]
    first = await desk.merges(ana, bea, overrides=chosen)
    assert await has(desk, ana) == {"size": "M", "note": "new"}
    second = await desk.merges(ana, cy, overrides=[{"field": "attributes.size", "customerId": cy}])
    assert await has(desk, ana) == {"size": "L", "note": "new", "card": "C"}
    await desk.undoes(first)
    assert await has(desk, ana) == {"size": "L", "note": "old", "card": "C"}
    told = (await desk.shown(ana, "merges { fields { field values { value } } }"))["merges"]
    assert [
        each["value"] for one in told[0]["fields"] if one["field"] == "attributes.size" for each in one["values"]
    ] == ["S", "L"]
    assert await give(desk, dee, size="S") == []  # nobody has it
    await desk.undoes(second)
    assert await has(desk, ana) == {"note": "old"}
    assert await has(desk, dee) == {"size": "S"}

    third = await desk.merges(dee, cy)
    await desk.api.done("customerAttributeDelete", "valueCount", {"name": "card", "deleteValues": True})
    await desk.undoes(third)
    assert (await has(desk, dee), await has(desk, cy)) == ({"size": "S"}, {"size": "L"})
    assert await desk.wrong() == []


async def test_what_was_chosen_is_put_back_as_it_is_written_now(desk: Desk) -> None:
    """A sealed choice stays as it was written; it is still one of the attribute's."""
    blood = {"name": "blood", "type": "CHOICE", "isSensitive": True}
    defined = ("customerAttributeDefine", "customerAttribute { name }")
    await desk.api.done(*defined, {**blood, "choices": ["ab+", "o-"]})
    ana, bea = await desk.customer("Ana", **given(blood="ab+")), await desk.customer("Bea", **given(blood="o-"))
    done = await desk.merges(ana, bea, overrides=[{"field": "attributes.blood", "customerId": bea}])
    await desk.api.done(*defined, {**blood, "choices": ["AB+", "O-"]})
    assert await desk.wrong() == []
    await desk.undoes(done)
    assert await has(desk, ana) == {"blood": "AB+"}
    assert await desk.wrong() == []


async def test_a_choice_that_is_worded_otherwise_since_is_put_back(desk: Desk) -> None:
    """Nobody has chosen anything else: neither for what the undo puts back, nor for what a later merge does and tells."""
    size = {"name": "size", "type": "CHOICE"}
    defined = ("customerAttributeDefine", "customerAttribute { name }")
    await desk.api.done(*defined, {**size, "choices": ["s", "m", "l"]})
    ana, bea, cy = [
        await desk.customer(name, **given(size=size)) for name, size in (("Ana", "s"), ("Bea", "m"), ("Cy", "l"))
    ]
    chosen = [{"field": "attributes.size", "customerId": bea}]
    first = await desk.merges(ana, bea, overrides=chosen)
    second = await desk.merges(ana, cy, overrides=[{"field": "attributes.size", "customerId": cy}])
    await desk.api.done(*defined, {**size, "choices": ["S", "M", "L"]})
    await desk.undoes(first)
    assert await has(desk, ana) == {"size": "L"}
    told = (await desk.shown(ana, "merges { fields { field values { value } } }"))["merges"]
    assert [
        each["value"] for one in told[0]["fields"] if one["field"] == "attributes.size" for each in one["values"]
    ] == ["S", "L"]
    await desk.undoes(second)
    assert await has(desk, ana) == {"size": "S"}
    assert await desk.wrong() == []
