"""Ids and pages that cannot be: refused with a code and a path, the same on both engines, and nothing half-written."""

from typing import Any

from tests.support.refusals import Filled, Wrong, assert_refused

NO_IDS = ["", "x", "customer", "customer_", "customer_123", "_" + "0" * 32, "customer_" + "0" * 31, "customer_" + "0" * 33,
          "customer_" + "A" * 32, "customer_" + "g" * 32, "customer-" + "0" * 32, "0" * 32, "kündin_" + "0" * 32,
          "customer_0192f6c8-e5b0-7cc3-98c4-dc0c0c07398f", "a b_" + "0" * 32, "1_" + "0" * 32, "x" * 10_000]  # fmt: skip


async def test_ids_that_are_none(filled: Filled) -> None:
    api = filled.api
    readers = (
        "node(id: $id) { id }",
        "customer(id: $id) { id }",
        "purchase(id: $id) { id }",
        "customerGroup(id: $id) { id }",
    )
    for wrong in NO_IDS:
        for reader in readers:
            answer = await api.ask(f"query($id: ID!) {{ found: {reader} }}", id=wrong)
            assert (answer.data, answer.codes) == ({"found": None}, ["BAD_USER_INPUT"]), (reader, wrong)
            assert answer.errors[0]["extensions"]["argument"] == ["id"]
    await assert_refused(
        api,
        [(name, {**given_input, field: wrong}, "BAD_USER_INPUT", "!")
         for wrong in NO_IDS
         for name, field, given_input in WITH_IDS
         if not (wrong == "" and field == "groupId" and name == "customerCreate")],
    )  # fmt: skip


WITH_IDS: list[tuple[str, str, dict[str, Any]]] = [
    ("customerCreate", "groupId", {"firstName": "A", "lastName": "B"}),
    ("customerUpdate", "id", {"firstName": "A"}),
    ("customerDeactivate", "id", {}),
    ("customerReactivate", "id", {}),
    ("customerSuspend", "id", {}),
    ("tagsAdd", "customerId", {"tags": ["a"]}),
    ("tagsRemove", "customerId", {"tags": ["a"]}),
    ("customerGroupUpdate", "id", {"name": "A"}),
    ("customerGroupDelete", "id", {}),
    ("noteAdd", "customerId", {"body": "a"}),
    ("noteUpdate", "id", {"body": "a"}),
    ("noteDelete", "id", {}),
    ("storeUpdate", "id", {"name": "a"}),
    ("purchaseRecord", "customerId", {"reference": "NEW", "lines": [{"name": "Tea", "unitPrice": "2.00"}]}),
    ("purchaseRefund", "purchaseId", {"amount": "1.00"}),
    ("purchaseVoid", "purchaseId", {}),
    ("purchasePay", "purchaseId", {"payments": [{"method": "cash", "amount": "1.00"}]}),
]
KINDS = {"groupId": "group", "customerId": "customer", "purchaseId": "purchase"}
KIND_OF_ID = {"customer": "customer", "customerGroup": "group", "note": "note", "store": "store"}


def kind(name: str, field: str) -> str:
    if field != "id":
        return KINDS[field]
    return next(KIND_OF_ID[start] for start in ("customerGroup", "customer", "note", "store") if name.startswith(start))


async def test_ids_of_nothing_and_of_another_kind(filled: Filled) -> None:
    api = filled.api
    for name, id_ in filled.ids.items():
        own = id_.partition("_")[0]
        found = await api.data("query($id: ID!) { node(id: $id) { id } }", id=id_)
        assert found == {"node": {"id": id_}}, name
        assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=filled.unknown(own)) == {"node": None}
    assert await api.data("query($id: ID!) { node(id: $id) { id } }", id=filled.unknown("unicorn")) == {"node": None}
    nothing = await api.data(
        "query($c: ID, $p: ID, $g: ID!) { customer(id: $c) { id } purchase(id: $p) { id } customerGroup(id: $g) { id } }",
        c=filled.unknown("customer"), p=filled.unknown("purchase"), g=filled.unknown("group"),
    )  # fmt: skip
    assert nothing == {"customer": None, "purchase": None, "customerGroup": None}
    wrong: list[Wrong] = []
    for name, field, given_input in WITH_IDS:
        own = kind(name, field)
        wrong.append((name, {**given_input, field: filled.unknown(own)}, "NOT_FOUND", field))
        others = {id_.partition("_")[0]: id_ for id_ in filled.ids.values() if not id_.startswith(f"{own}_")}
        assert len(others) >= 7
        wrong += [(name, {**given_input, field: other}, "BAD_USER_INPUT", "!") for other in others.values()]
    await assert_refused(api, wrong)


async def test_pages_that_cannot_be(filled: Filled) -> None:
    api = filled.api
    edge = (await api.data("{ customers { edges { cursor } } }"))["customers"]["edges"][0]["cursor"]
    for arguments in (
        "first: 101", "first: 1000", "first: -1", "last: 101", "last: -1", "first: 1, last: 1", "first: 2147483647",
        'after: ""', 'after: "x"', 'after: "é"', 'before: "////"', 'after: "bnVsbA=="', 'after: "W10="',
        f'after: "{edge[:-2]}"', f'after: "{edge}", orderBy: {{field: NAME}}',
        f'before: "{edge}", orderBy: {{field: CREATED_AT}}',
    ):  # fmt: skip
        answer = await api.ask(f"{{ customers({arguments}) {{ nodes {{ id }} }} shop {{ name }} }}")
        assert answer.data == {"customers": None, "shop": {"name": "My shop"}}, arguments
        assert answer.codes == ["BAD_USER_INPUT"], arguments
        assert answer.errors[0]["extensions"]["argument"][0] in {"first", "last", "after", "before"}, arguments
    for field in (
        "customerGroups",
        "stores",
        "purchases",
        "customers { nodes { notes(first: 101) { totalCount } } } shop",
    ):
        document = (
            f"{{ {field}(first: 101) {{ nodes {{ id }} }} }}" if "{" not in field else f"{{ {field} {{ name }} }}"
        )
        assert (await api.ask(document)).codes == ["BAD_USER_INPUT"], field
    for arguments in ('first: "1"', "first: 1.5", "first: 99999999999", "first: true"):
        assert (await api.ask(f"{{ customers({arguments}) {{ totalCount }} }}")).data is None, arguments
    assert await api.data("{ customers(first: 0) { nodes { id } totalCount } }") == {
        "customers": {"nodes": [], "totalCount": 1}
    }
