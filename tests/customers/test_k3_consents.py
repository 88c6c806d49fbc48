"""K3, K4, K5: what a customer agrees to and refuses, by purpose and channel; a refusal holds at once, and nothing lifts it but a
later agreement."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from regulars_core.customers.consents.entries import believed
from regulars_core.customers.consents.people import lookup_people, people_from
from regulars_core.customers.erasure.due import erase_due
from regulars_core.plugin import DAY_MS, Instant, Shop, now, printed
from regulars_core.primitives.clock import moment
from regulars_core.shop.actors import Actor
from regulars_core.shop.settings import SettingsError, load_settings
from regulars_core.testing import OpenShop
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api
from tests.support.keys import holding

SHOWN = "purpose channel decision proof source"


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def registered(api: Api, name: str = "Ana", **given: Any) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", **given})
    return str(made["customer"]["id"])


def ago(days: float) -> str:
    return printed(Instant(now() - int(days * DAY_MS)))


async def says(api: Api, who: str, *entries: dict[str, Any]) -> list[str]:
    """What is in force then."""
    given = [{"source": "till", **entry} for entry in entries]
    done = await api.done("consentRecord", "consents { id }", {"customerId": who, "entries": given})
    assert len(done["consents"]) == len(entries)
    return await holds(api, who)


async def holds(api: Api, who: str) -> list[str]:
    """What is in force, in short: `marketing EMAIL GRANTED`."""
    return [short(one) for one in await consents(api, who)]


def short(one: Any) -> str:
    return f"{one['purpose']} {one['channel'] or '*'} {one['decision']}"


async def consents(api: Api, who: str, argument: str = "", shown: str = SHOWN) -> Any:
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Customer {{ consents{argument} {{ {shown} }} }} }} }}"
    return (await api.data(document, id=who))["node"]["consents"]


async def agreeing(api: Api, comparison: str) -> list[str]:
    """The first names of whom a condition finds."""
    document = f"{{ customers(where: {{ hasConsent: {comparison} }}, orderBy: {{ field: NAME }}) {{ nodes {{ firstName }} }} }}"
    return [one["firstName"] for one in (await api.data(document))["customers"]["nodes"]]


async def wrong(shop: Shop) -> list[str]:
    """What `regulars verify` says of consents."""
    [known] = [one for one in verifications_of(shop.plugins) if one.name == "consents"]
    found: AsyncIterator[str] = known.differences(shop)
    return [line async for line in found]


async def test_which_record_is_in_force(api: Api) -> None:
    """Rule by rule, and the condition finds whom the list shows."""
    ana, bo = await registered(api), await registered(api, "Bo", lastName="Ek")
    assert await says(api, ana, {"decision": "GRANTED", "at": ago(9)}) == ["marketing * GRANTED"]
    assert await agreeing(api, "{ channel: EMAIL }") == await agreeing(api, "{}") == ["Ana"]
    refused = {"channel": "EMAIL", "decision": "WITHDRAWN", "at": ago(5)}
    assert await says(api, ana, refused) == ["marketing EMAIL WITHDRAWN", "marketing * GRANTED"]
    assert await agreeing(api, "{ channel: EMAIL }") == []
    assert await agreeing(api, "{ channel: SMS }") == await agreeing(api, "{}") == ["Ana"]
    # An older agreement is kept and changes nothing; one at the same instant loses, and so does a question.
    older = {"channel": "EMAIL", "decision": "GRANTED", "at": ago(6), "proof": "SIGNED"}
    same = {**refused, "decision": "GRANTED"}
    kept = ["marketing EMAIL WITHDRAWN", "marketing * GRANTED"]
    assert await says(api, ana, older) == await says(api, ana, same, {**refused, "decision": "PENDING"}) == kept
    # A later one of every channel opens each, and one channel is opened again by itself.
    assert await says(api, ana, {"decision": "GRANTED", "at": ago(4)}) == ["marketing * GRANTED"]
    assert await says(api, ana, {"decision": "WITHDRAWN", "source": "phone"}) == ["marketing * WITHDRAWN"]
    assert await agreeing(api, "{}") == await agreeing(api, "{ channel: POST }") == []
    opened = ["marketing POST GRANTED", "marketing * WITHDRAWN"]
    assert await says(api, ana, {"channel": "POST", "decision": "GRANTED"}) == opened
    assert await agreeing(api, "{ channel: POST }") == ["Ana"]
    # Purposes stand apart; asked is not agreed.
    await says(api, bo, {"purpose": "data_collection", "decision": "GRANTED"}, {"decision": "PENDING"})
    assert await agreeing(api, '{ purpose: "data_collection" }') == ["Bo"]
    assert await agreeing(api, "{}") == []
    everybody_else = "{ customers(where: { not: { hasConsent: { channel: POST } } }) { totalCount } }"
    assert (await api.data(everybody_else))["customers"]["totalCount"] == 1
    history = await consents(api, ana, "(history: true)")
    assert [short(one) for one in history][:3] == [*opened, "marketing * GRANTED"]
    assert len(history) == 8
    assert await wrong(api.shop) == []


async def test_what_is_said_now_holds_now(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where what was in force was written down by a process whose clock is ahead; a far clock is not believed."""
    ana, ahead = await registered(api), Instant(now() + 300_000)
    with moment(ahead):
        await says(api, ana, {"decision": "GRANTED"})
    assert await says(api, ana, {"channel": "SMS", "decision": "WITHDRAWN"}) == [
        "marketing SMS WITHDRAWN",
        "marketing * GRANTED",
    ]
    await says(api, ana, {"decision": "GRANTED", "at": printed(Instant(now() + 500_000))})
    assert await says(api, ana, {"decision": "WITHDRAWN"}) == ["marketing * WITHDRAWN"]
    entries = [{"decision": "GRANTED", "source": "x", "at": printed(Instant(now() + 700_000))}]
    assert await api.refused("consentRecord", {"customerId": ana, "entries": entries}) == ["INVALID_DATE"]
    arrived = now()
    assert believed(Instant(arrived + 10 * DAY_MS), arrived) == arrived + 600_000
    assert believed(Instant(arrived - DAY_MS), arrived) == arrived - DAY_MS


async def test_everything_that_is_wrong_is_told_at_once(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(consent_purposes="marketing,club", consent_proof="club"))
    ana = await registered(api)
    entries = [
        {"decision": "GRANTED", "source": " ", "purpose": "Club"},
        {"decision": "GRANTED", "source": "till", "purpose": "club"},
        {"decision": "WITHDRAWN", "source": "x" * 41, "purpose": "club", "at": printed(Instant(now() + DAY_MS))},
        {"decision": "GRANTED", "source": "a\0b", "proofReference": "x" * 121, "textVersion": "x" * 41},
    ]
    found = (await api.do("consentRecord", "consents { id }", {"customerId": ana, "entries": entries}))["userErrors"]
    assert sorted((".".join(one["path"][2:]), one["code"]) for one in found) == [
        ("0.purpose", "UNKNOWN_PURPOSE"), ("0.source", "REQUIRED"), ("1.proof", "PROOF_REQUIRED"),
        ("1.textVersion", "PROOF_REQUIRED"), ("2.at", "INVALID_DATE"), ("2.source", "TOO_LONG"),
        ("3.proofReference", "TOO_LONG"), ("3.source", "INVALID_TEXT"), ("3.textVersion", "TOO_LONG"),
    ]  # fmt: skip
    one = {"decision": "GRANTED", "source": "till"}
    for given, code in ((entries[:1] * 21, "TOO_MANY"), ([], "REQUIRED")):
        assert await api.refused("consentRecord", {"customerId": ana, "entries": given}) == [code]
    nobody = f"customer_{'0' * 32}"
    assert await api.refused("consentRecord", {"customerId": nobody, "entries": [one]}) == ["NOT_FOUND"]
    # Together with what else is wrong with a registration or a sale, under its place there.
    wrong_ones = {"email": "x", "consents": [{**one, "purpose": "nothing"}]}
    made = await api.do("customerCreate", "created", {"firstName": "A", "lastName": "B", **wrong_ones})
    assert [(one["path"], one["code"]) for one in made["userErrors"]] == [
        (["input", "email"], "INVALID_EMAIL"),
        (["input", "consents", "0", "purpose"], "UNKNOWN_PURPOSE"),
    ]
    sale = {
        "reference": "R1",
        "lines": [{"name": "Tea", "total": "1.00"}],
        "customer": {"firstName": "A", **wrong_ones},
    }
    sold = await api.do("purchaseRecord", "created", sale)
    assert sold["userErrors"][1]["path"] == ["input", "customer", "consents", "0", "purpose"]
    proven = {**one, "purpose": "club", "proof": "SIGNED", "textVersion": "2026-1"}
    assert await says(api, ana, proven, {**one, "decision": "WITHDRAWN", "purpose": "club", "channel": "SMS"}) == [
        "club SMS WITHDRAWN",
        "club * GRANTED",
    ]
    assert (await api.data("{ shop { consentPurposes } }"))["shop"]["consentPurposes"] == ["marketing", "club"]
    for comparison in ('{ purpose: "mail" }', "{ purpose: null }", "{ channel: null }"):
        asked = await api.ask(f"{{ customers(where: {{ hasConsent: {comparison} }}) {{ totalCount }} }}")
        assert asked.codes == ["BAD_USER_INPUT"], comparison
    for settings in ({"consent_purposes": "Mail"}, {"consent_proof": "club"}, {"consent_purposes": "a b"}):
        with pytest.raises(SettingsError, match="CONSENT_P"):
            load_settings(**settings)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent SET decision = 'GRANTED'",
        "DELETE FROM consent",
        "TRUNCATE consent CASCADE",
        "INSERT OR REPLACE INTO consent SELECT * FROM consent",
        "DELETE FROM customer",
    ],
)
async def test_nobody_changes_or_removes_a_record(api: Api, statement: str) -> None:
    database = api.shop.database
    if ("TRUNCATE" in statement and database.engine == "sqlite") or ("REPLACE" in statement) > (
        database.engine == "sqlite"
    ):
        pytest.skip("not a statement of this engine")
    await says(api, await registered(api), {"decision": "WITHDRAWN"})
    before = await database.rows("SELECT * FROM consent")
    with pytest.raises(Exception, match=r"append-only|FOREIGN KEY|foreign key"):
        await database.transaction(lambda: database.run(statement))
    assert await database.rows("SELECT * FROM consent") == before


async def test_who_may(api: Api) -> None:
    """A till writes down and sees nothing of it; who sees no consents finds nobody by them."""
    ana = await registered(api)
    till, sale = Api.of(api.shop, "store_terminal"), {"reference": "R1", "lines": [{"name": "Tea", "total": "1.00"}]}
    document = (
        "mutation($input: ConsentRecordInput!) { consentRecord(input: $input) { consents { id } customer { id } } }"
    )
    entries = [{"decision": "WITHDRAWN", "source": "till"}]
    told = await till.ask(document, input={"customerId": ana, "entries": entries})
    assert (told.data["consentRecord"], told.codes) == ({"consents": None, "customer": {"id": ana}}, ["FORBIDDEN"])
    assert await holds(api, ana) == ["marketing * WITHDRAWN"]
    asked = await till.ask("{ customers(where: { hasConsent: {} }) { totalCount } }")
    assert asked.codes == ["FORBIDDEN"]
    mail = Api.of(api.shop, "marketing")
    assert await holds(mail, ana) == ["marketing * WITHDRAWN"]
    assert (await mail.ask(document, input={"customerId": ana, "entries": entries})).codes == ["FORBIDDEN"]
    own = holding("customers.view", "customers.create", "purchases.record", "purchases.view")
    clerk = Api(api.schema, api.shop, Actor("k", "clerk", (own,)))
    for name, given in (
        ("customerCreate", {"firstName": "A", "lastName": "B", "consents": entries}),
        ("purchaseRecord", {**sale, "idempotencyKey": "k", "customer": {"firstName": "A", "consents": entries}}),
    ):
        kind = f"{name[0].upper()}{name[1:]}Input"
        answer = await clerk.ask(f"mutation($i: {kind}!) {{ {name}(input: $i) {{ created }} }}", i=given)
        assert (answer.codes, answer.data) == (["FORBIDDEN"], {name: None})
    await clerk.done("customerCreate", "created", {"firstName": "A", "lastName": "B", "consents": []})


async def test_said_at_registration_and_with_a_sale(api: Api) -> None:
    """Of who is new and of who is found: a refusal is never lost. A sale that is sent again says nothing twice."""
    yes, no = (
        {"decision": "GRANTED", "source": "form", "proof": "CHECKBOX"},
        {"decision": "WITHDRAWN", "source": "till"},
    )
    ana = await registered(api, email="ana@example.org", consents=[yes, {**no, "channel": "SMS"}])
    assert await holds(api, ana) == ["marketing SMS WITHDRAWN", "marketing * GRANTED"]
    found = {"firstName": "Ana", "lastName": "Li", "email": "ana@example.org", "matchOn": ["EMAIL"], "consents": [no]}
    assert (await api.done("customerCreate", "created", found))["created"] is False
    assert await holds(api, ana) == ["marketing * WITHDRAWN"]

    who = {"firstName": "Bo", "phone": "55 1234 5678", "consents": [{**yes, "channel": "SMS"}]}
    sale = {"reference": "R1", "purchasedAt": ago(1), "lines": [{"name": "Tea", "total": "1.00"}], "customer": who}
    sold = await api.done("purchaseRecord", "created customerCreated purchase { customer { id } }", sale)
    bo = sold["purchase"]["customer"]["id"]
    assert (sold["customerCreated"], await holds(api, bo)) == (True, ["marketing SMS GRANTED"])
    again = {**sale, "reference": "R2", "customer": {**who, "consents": [no]}}
    for created in (True, False):
        assert (await api.done("purchaseRecord", "created", again))["created"] is created
    assert await holds(api, bo) == ["marketing * WITHDRAWN"]
    assert len(await consents(api, bo, "(history: true)")) == 2
    # A refusal of what the shop does not ask for stops no sale; to agree to it does.
    given_up = {**no, "purpose": "given_up"}
    await api.done(
        "purchaseRecord", "created", {**sale, "reference": "R3", "customer": {**who, "consents": [given_up]}}
    )
    assert await holds(api, bo) == ["given_up * WITHDRAWN", "marketing * WITHDRAWN"]
    agreed = {**sale, "reference": "R4", "customer": {**who, "consents": [given_up, {**yes, "purpose": "given_up"}]}}
    assert await api.refused("purchaseRecord", agreed) == ["UNKNOWN_PURPOSE"]
    other = {**sale, "customer": {**who, "consents": [no]}}
    assert await api.refused("purchaseRecord", other) == ["REFERENCE_REUSED"]
    assert await wrong(api.shop) == []


async def test_once_under_a_key_and_in_the_audit(api: Api) -> None:
    ana = await registered(api)
    entries = [
        {"decision": "GRANTED", "source": "web form", "channel": "EMAIL", "proof": "CONFIRMED", "textVersion": "3",
         "proofReference": "m-17", "at": ago(2)},
        {"decision": "GRANTED", "source": "web form", "purpose": "profiling"},
    ]  # fmt: skip
    given = {"customerId": ana, "entries": entries, "idempotencyKey": "k"}
    first, second = [await api.done("consentRecord", "consents { id } customer { id }", given) for _ in range(2)]
    assert first == second
    shown = "id at channel decision proof proofReference purpose recordedAt recordedBy source textVersion"
    node = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Consent {{ {shown} }} }} }}"
    ids = [one["id"] for one in first["consents"]]
    [mail, _] = (await api.data(node, ids=ids))["nodes"]
    told = {**mail, "decision": "GRANTED", "channel": "EMAIL", "purpose": "marketing", "recordedBy": "till"}
    assert mail == {
        **told,
        **{name: entries[0][name] for name in ("proof", "proofReference", "source", "textVersion", "at")},
    }
    assert len(await consents(api, ana, "(history: true)")) == 2
    audit = (await api.data("{ audit(first: 1) { nodes { action entityId changes { field old new } } } }"))["audit"]
    assert audit["nodes"] == [
        {
            "action": "consentRecord",
            "entityId": ana,
            "changes": [
                {"field": "consents.marketing.EMAIL", "old": "null", "new": '"GRANTED"'},
                {"field": "consents.profiling", "old": "null", "new": '"GRANTED"'},
            ],
        }
    ]


async def test_merged_undone_erased_and_told(api: Api) -> None:
    """The most restrictive of both, unless the agreement is later and proven; the records stay whose they are."""
    yes = {"decision": "GRANTED", "source": "x", "at": ago(1)}
    no = {"decision": "WITHDRAWN", "source": "x", "at": ago(2)}
    ana = await registered(api, consents=[{**yes, "channel": "EMAIL"}, {**yes, "channel": "SMS", "proof": "SIGNED"}])
    bo = await registered(api, "Bo", consents=[no, {**yes, "purpose": "profiling"}])
    cy = await registered(api, "Cy", consents=[{**no, "purpose": "profiling", "at": ago(0)}])
    asked = {"survivorId": ana, "absorbedIds": [bo]}
    preview = "query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) { effects { kind message } } }"
    effects = (await api.data(preview, input=asked))["customersMergePreview"]["effects"]
    said = [one["message"].partition(" will have ")[2] for one in effects if one["kind"] == "CONSENT"]
    assert said == ["refused marketing.", "agreed to profiling."]
    merges = []
    for absorbed in (bo, cy):
        given = {"survivorId": ana, "absorbedIds": [absorbed]}
        merges.append(
            (await api.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]["mergeId"]
        )
        assert await wrong(api.shop) == []
    assert await holds(api, ana) == ["profiling * WITHDRAWN", "marketing SMS GRANTED", "marketing * WITHDRAWN"]
    assert await agreeing(api, "{ channel: SMS }") == ["Ana"]
    assert await holds(api, bo) == ["profiling * GRANTED", "marketing * WITHDRAWN"]
    assert len(await consents(api, ana, "(history: true)")) == 5
    # By whatever id: it is one person now, and what that says next needs no proof.
    await says(api, bo, {"channel": "EMAIL", "decision": "GRANTED"})
    assert "marketing EMAIL GRANTED" in await holds(api, ana)
    assert await api.refused("customerDelete", {"id": ana}) == ["CUSTOMER_REFERENCED"]
    for merge in merges:
        await api.done("customersUnmerge", "customers { id }", {"mergeId": merge})
        assert await wrong(api.shop) == []
    left = ["marketing EMAIL GRANTED", "marketing SMS GRANTED"]
    assert await holds(api, ana) == left  # what was said since stays
    assert await holds(api, bo) == ["profiling * GRANTED", "marketing * WITHDRAWN"]

    known = await api.shop.database.rows("SELECT count(*) FROM consent")
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": ana, "idempotencyKey": "e"})
    with moment(Instant(now() + 11 * DAY_MS)):
        await erase_due(api.shop)
    assert await api.shop.database.rows("SELECT count(*) FROM consent") == known
    assert await holds(api, ana) == left
    assert await api.refused("consentRecord", {"customerId": ana, "entries": [yes]}) == ["NOT_FOUND"]


async def test_an_undone_merge_lifts_no_refusal(api: Api) -> None:
    """What is refused while two are one may have been said by either."""
    yes = {"decision": "GRANTED", "source": "x", "at": ago(2)}
    cat = await registered(api, "Cat", consents=[yes, {**yes, "purpose": "profiling"}])
    catt = await registered(api, "Catt")
    given = {"survivorId": catt, "absorbedIds": [cat]}
    merge = (await api.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]["mergeId"]
    assert await agreeing(api, "{}") == ["Catt"]
    await says(api, cat, {"decision": "WITHDRAWN", "proof": "SIGNED"})
    await says(api, cat, {"decision": "GRANTED", "channel": "SMS"})
    await api.done("customersUnmerge", "customers { id }", {"mergeId": merge})
    assert await agreeing(api, "{}") == []
    assert await agreeing(api, "{ channel: SMS }") == ["Catt"]  # an agreement is the survivor's alone
    assert await holds(api, cat) == ["marketing * WITHDRAWN", "profiling * GRANTED"]
    assert "marketing * WITHDRAWN" in await holds(api, catt)
    assert await wrong(api.shop) == []
    rows = await api.shop.database.rows("SELECT decision, proof FROM consent WHERE source = 'unmerge'")
    assert [tuple(row) for row in rows] == [("WITHDRAWN", "SIGNED")]


async def test_what_the_shop_no_longer_asks_for_can_be_refused(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(consent_purposes="marketing,club"))
    yes, no = ({"decision": one, "source": "x", "purpose": "club"} for one in ("GRANTED", "WITHDRAWN"))
    ana, bo = await registered(api, consents=[yes]), await registered(api, "Bo")
    await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana, "absorbedIds": [bo]})
    cy = await registered(api, "Cy")
    api = Api.of(await open_shop(consent_purposes="marketing"))
    for customer, entry in ((ana, yes), (cy, no), (ana, {**no, "purpose": "clubs"})):
        assert await api.refused("consentRecord", {"customerId": customer, "entries": [entry]}) == ["UNKNOWN_PURPOSE"]
    await says(api, bo, no)
    assert await holds(api, ana) == ["club * WITHDRAWN"]


async def test_a_copy_that_is_wrong_is_told(api: Api) -> None:
    shop, ana = api.shop, await registered(api, consents=[{"decision": "WITHDRAWN", "source": "x"}])
    assert await wrong(shop) == []
    for statement in (
        "UPDATE consent_in_force SET decision = 'GRANTED'",
        "UPDATE consent_in_force SET decision = 'WITHDRAWN', ways = 3",
        "DELETE FROM consent_in_force",
    ):
        await shop.database.transaction(lambda sql=statement: shop.database.run(sql))  # type: ignore[misc]
        assert await wrong(shop) == [f"{ana}: what is kept as agreed to is not what was said"], statement
    sql, values = lookup_people(shop.database.dialect, [ana.removeprefix("customer_"), "f" * 32])
    assert len(people_from(await shop.database.rows(sql, *values))["f" * 32].state()) == 0
