"""Signatures of what customers are found by: lists that are searched find by them whoever they find without."""

from regulars_core.contribution import JOBS, VERIFICATIONS
from regulars_core.customers.search.signatures import DUE, signature
from regulars_core.customers.search.texts import contact_text, names_text
from regulars_core.customers.search.typed import needle_of
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api

PAGE = (
    "query($search: String, $group: [ID!]!, $field: CustomerOrderField!, $after: String) { customers(search: $search,"
    " where: {group: {in: $group}}, orderBy: {field: $field, direction: ASC}, first: 2, after: $after)"
    " { nodes { firstName lastName } pageInfo { hasNextPage endCursor } } }"
)


async def found(api: Api, search: str, field: str = "NAME") -> list[str]:
    """All pages of those of the group with a number who are found."""
    names, after = list[str](), None
    [group] = [
        one["id"]
        for one in (await api.data("{ customerGroups { nodes { id name } } }"))["customerGroups"]["nodes"]
        if one["name"] == "Club"
    ]
    while True:
        page = (await api.data(PAGE, search=search, group=[group], field=field, after=after))["customers"]
        names += [f"{node['firstName']} {node['lastName']}" for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return names


async def missed(shop: Shop) -> list[str]:
    """What the verification finds."""
    [verification] = [one for one in VERIFICATIONS if one.name == "signatures"]
    return [sentence async for sentence in verification.differences(shop)]


async def due(shop: Shop) -> int:
    """Of how many a signature is to be written."""
    [[count]] = await shop.database.rows(f"SELECT count(*) FROM customer WHERE {DUE}")
    return int(count)


async def renewed(shop: Shop) -> None:
    """What time would do."""
    [job] = [one for one in JOBS if one.name == "renew-signatures"]
    await job.run(shop)


def test_a_signature_has_whatever_is_found_in_the_texts() -> None:
    text = names_text("Ana María", "García-Ñandú", "Ольга", "CUST-00077") + contact_text(
        "o.li@mail.example", "+525512345678"
    )
    kept = signature(text)
    for word in ("a", "ga", "arci", "anamaria", "ольга", "льг", "00077", "li", "5512345678"):
        assert needle_of(word) in text
        assert all(part & ~whole == 0 for part, whole in zip(signature(needle_of(word)), kept, strict=True))
    lacking = [
        word
        for word in ("gracia", "lopez", "78123", "bertold")
        if any(part & ~whole for part, whole in zip(signature(word), kept, strict=True))
    ]
    assert lacking == ["gracia", "lopez", "78123", "bertold"]


async def test_searched_lists_stay_right_whatever_happens_to_names(shop: Shop) -> None:
    api = Api.of(shop)
    group = (await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Club"}))["customerGroup"]["id"]
    people = [
        ("Maria", "Garcia"),
        ("Mariana", "Garcia"),
        ("Maria", "Lopez"),
        ("Zoe", "Garcia"),
        ("Ana Maria", "Garcia"),
        ("Maria", "Agarciada"),
    ]
    ids = {}
    for first, last in [*people, *people[:2]]:
        new = {"firstName": first, "lastName": last, "groupId": group if (first, last) not in ids else None}
        made = await api.done("customerCreate", "customer { id }", new)
        ids.setdefault((first, last), made["customer"]["id"])
    assert await due(shop) == 0
    garcias = ["Maria Agarciada", "Ana Maria Garcia", "Maria Garcia", "Mariana Garcia"]
    assert await found(api, "maria garcia") == garcias
    assert sorted(await found(api, "garcia maria", "CREATED_AT")) == sorted(garcias)

    await api.done("customerUpdate", "customer { id }", {"id": ids["Zoe", "Garcia"], "lastName": "Mariano Garcia"})
    assert await due(shop) == 1
    garcias = [*garcias[:2], *garcias[2:], "Zoe Mariano Garcia"]
    assert await found(api, "maria garcia") == garcias
    await renewed(shop)
    assert (await due(shop), await missed(shop)) == (0, [])
    assert await found(api, "maria garcia") == garcias
    assert await found(api, "zoe garcia") == ["Zoe Mariano Garcia"]

    merge = {"survivorId": ids["Maria", "Lopez"], "absorbedIds": [ids["Maria", "Garcia"]]}
    await api.done("customersMerge", "customersMerge { mergeId }", merge)
    garcias = [one if one != "Maria Garcia" else "Maria Lopez" for one in garcias]
    for _ in range(2):
        assert sorted(await found(api, "maria garcia")) == sorted(garcias)
        await renewed(shop)
    assert (await due(shop), await missed(shop)) == (0, [])


async def test_a_signature_that_lacks_something_is_told(shop: Shop) -> None:
    api = Api.of(shop)
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Paz"})
    customer = made["customer"]["id"].removeprefix("customer_")
    await shop.database.transaction(
        lambda: shop.database.run("UPDATE customer SET signature_low = 0, signature_high = 0")
    )
    [told] = await missed(shop)
    assert told.startswith(f"customer_{customer}: ")
