"""What is sensitive is sealed under the shop's keys: found nowhere in the files, rotated while tills sell, and told where it is
lost."""

import asyncio
import base64
import io
import sqlite3
import subprocess
from pathlib import Path

import pytest

from regulars_core import rotation
from regulars_core.audiences.owned import owned_by
from regulars_core.customers.pairs.discovery import find_duplicates
from regulars_core.database.apps import sqlite_path
from regulars_core.database.seals import KeyLost, SealBroken, Seals
from regulars_core.exports.customers import export_customers
from regulars_core.health import checks
from regulars_core.rotation import PLAIN, keys_in_use, rotate
from regulars_core.shop.settings import SettingsError, load_settings
from regulars_core.shop.shop import Shop
from regulars_core.testing import ImportOptions, import_customers
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api
from tests.conftest import OpenShop
from tests.support.handed_out import handed_out

pytest.importorskip("cryptography")
ONE, TWO = (f"{name}:{base64.b64encode(bytes([n]) * 32).decode()}" for n, name in enumerate(("one", "two"), 1))
ANA, ZED, GON = "XAXX010101-Q1", "ZEZZ020202 Q2", "GONE040404.Q3"
ANA_CARD, GON_CARD = "Kartonan-1", "Kartongo-3"
BEGINNINGS = (b"xaxx010101", b"zezz020202", b"gone040404", b"kartonan", b"kartongo")
"""As they stand in the tax ids and the cards, and folded."""


async def customer(api: Api, name: str, tax_id: str | None = None) -> str:
    given = {"firstName": name, "lastName": "Li", "taxId": tax_id, "force": True}
    return str((await api.done("customerCreate", "customer { id }", given))["customer"]["id"])


async def declare(api: Api) -> None:
    for name, sensitive in (("card", True), ("hobby", False)):
        given = {"name": name, "type": "TEXT", "isSensitive": sensitive, "isUnique": sensitive}
        await api.done("customerAttributeDefine", "customerAttribute { name }", given)


async def give(api: Api, id_: str, **values: str) -> None:
    given = [{"name": name, "value": value} for name, value in values.items()]
    await api.done("customerUpdate", "customer { id }", {"id": id_, "attributes": given})


CARDS = "{ customers(first: 50) { nodes { firstName attributes { name value } } } }"


async def cards(api: Api) -> dict[str, str | None]:
    rows = (await api.data(CARDS))["customers"]["nodes"]
    return {row["firstName"]: one["value"] for row in rows for one in row["attributes"] if one["name"] == "card"}


async def with_card(api: Api, *values: str) -> list[str]:
    asked = 'query($v: [String!]) { customers(where: {attribute: {name: "card", in: $v}}) { nodes { firstName } } }'
    return [row["firstName"] for row in (await api.data(asked, v=values))["customers"]["nodes"]]


async def sale(api: Api, reference: str, customer_id: str) -> None:
    given = {"reference": reference, "customerId": customer_id, "lines": [{"name": "Tea", "total": "5.00"}]}
    await api.done("purchaseRecord", "created", given)


async def tax_ids(api: Api) -> dict[str, str | None]:
    rows = (await api.data("{ customers(first: 50) { nodes { firstName taxId } } }"))["customers"]["nodes"]
    return {row["firstName"]: row["taxId"] for row in rows if row["taxId"]}


async def codes(api: Api) -> dict[str, str]:
    rows = (await api.data("{ customers(first: 50) { nodes { firstName code } } }"))["customers"]["nodes"]
    return {row["firstName"]: row["code"] for row in rows}


async def receipts(api: Api) -> dict[str, str | None]:
    rows = (await api.data("{ purchases { nodes { reference receipt { customerTaxId } } } }"))["purchases"]["nodes"]
    return {row["reference"]: row["receipt"]["customerTaxId"] for row in rows}


async def found(api: Api, tax_id: str) -> list[str]:
    asked = "query($t: String!) { customers(where: {taxId: {in: [$t]}}) { nodes { firstName } } }"
    return [row["firstName"] for row in (await api.data(asked, t=tax_id))["customers"]["nodes"]]


async def verified(api: Api, customer_id: str) -> bool:
    asked = "query($id: ID!) { customer(id: $id) { verifications { isValid } } }"
    [one] = (await api.data(asked, id=customer_id))["customer"]["verifications"]
    return bool(one["isValid"])


async def encryption(shop: Shop) -> tuple[bool, str]:
    [check] = [one for one in await checks(shop) if one.name == "encryption"]
    return check.ok, check.message


async def stands_in(shop: Shop, folder: Path, *, in_files: bool = True) -> set[bytes]:
    """Which of the sensitive values stand in the files of the database, its log among them, or in a dump of it."""
    database = shop.database
    if database.engine == "sqlite":
        path, dump = sqlite_path(database.url), folder / "dump.db"
        dump.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("VACUUM INTO ?", (str(dump),))
        connection.close()
        read = dump.read_bytes() + b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    else:
        dumped = await asyncio.to_thread(
            subprocess.run, ["pg_dump", "--inserts", database.url], check=True, capture_output=True
        )
        read = dumped.stdout
        if in_files:
            await database.rows("CHECKPOINT")
            row = await database.row(
                "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
            )
            assert row is not None
            files = [*(Path(row[0]) / "base" / str(row[1])).iterdir(), *(Path(row[0]) / "pg_wal").glob("0*")]
            read += b"".join(one.read_bytes() for one in files)
    assert b"regulars-was-here" in read  # the search does search
    lowered = read.lower()
    return {one for one in BEGINNINGS if one in lowered}


async def test_sealed_changed_and_lost(open_shop: OpenShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_BATCH", 1)
    shop = await open_shop(encryption_keys=ONE, unique_fields="tax_id")
    api = Api.of(shop)
    ana, zed = await customer(api, "Ana", ANA), await customer(api, "Zed", "ZEZZ020202")
    bo, gon = await customer(api, "regulars-was-here"), await customer(api, "Gon", GON)
    await declare(api)
    await give(api, ana, card=ANA_CARD, hobby="Go")
    await give(api, gon, card=GON_CARD)
    await sale(api, "R1", ana)
    await sale(api, "R2", gon)
    await api.done("verificationRecord", "verification { id }", {"customerId": ana, "subject": "TAX_ID"})
    assert await verified(api, ana)
    await api.done("customerUpdate", "customer { id }", {"id": zed, "taxId": ZED})
    same = await api.do("customerUpdate", "customer { version }", {"id": zed, "taxId": ZED, "expectedVersion": 2})
    assert (same["userErrors"], same["customer"]["version"]) == ([], 2)
    merged = await api.done(
        "customersMerge",
        "customersMerge { mergeId fields { field values { value } } }",
        {"survivorId": bo, "absorbedIds": [gon]},
    )
    for field, value in (("taxId", GON), ("attributes.card", GON_CARD)):
        [told] = [one for one in merged["customersMerge"]["fields"] if one["field"] == field]
        assert [one["value"] for one in told["values"]] == [None, value]
    everybody = {"Ana": ANA, "Zed": ZED, "regulars-was-here": GON}
    printed, held = {"R1": ANA, "R2": GON}, {"Ana": ANA_CARD, "regulars-was-here": GON_CARD}
    assert (await tax_ids(api), await receipts(api), await cards(api)) == (everybody, printed, held)
    assert await stands_in(shop, tmp_path) == set()
    assert await keys_in_use(shop.database) == {
        "customer": ["one"], "purchase_receipt": ["one"], "customer_merge_snapshot": ["one"],
        "customer_attribute": ["one"],
    }  # fmt: skip
    assert await encryption(shop) == (True, "all is sealed by the key one")

    # Another key comes: what the older one has sealed is read, found and kept apart as before.
    shop = await open_shop(encryption_keys=f"{TWO},{ONE}", unique_fields="tax_id")
    api = Api.of(shop)
    assert (await tax_ids(api), await receipts(api)) == (everybody, printed)
    assert (await found(api, "xaxx 010101 q1"), await found(api, "xaxx010101")) == (["Ana"], [])
    assert (await with_card(api, "kartonAN-1"), await with_card(api, "karton", GON_CARD)) == (
        ["Ana"],
        ["regulars-was-here"],
    )
    new = {"firstName": "No", "lastName": "One", "attributes": [{"name": "card", "value": "KARTONGO-3"}], "force": True}
    assert await api.refused("customerCreate", new) == ["NOT_UNIQUE"]
    for taken in (ANA, ZED.lower()):
        assert await api.refused(
            "customerCreate", {"firstName": "No", "lastName": "One", "taxId": taken, "force": True}
        ) == ["NOT_UNIQUE"]
    checked = await api.data(
        '{ customerCheck(input: {firstName: "X", taxId: "' + ANA + '"}) { possibleDuplicates { reasons } } }'
    )
    assert checked["customerCheck"]["possibleDuplicates"] == [{"reasons": ["TAX_ID"]}]
    assert await encryption(shop) == (
        False,
        "not all is sealed by the key two: customer, customer_attribute, customer_merge_snapshot, purchase_receipt; run"
        " `regulars encryption rotate`",
    )
    rotating: asyncio.Task[rotation.Rotated]

    def stop(_: str, done: int) -> None:
        if done == 2:
            rotating.cancel()

    rotating = asyncio.create_task(rotate(shop, stop))
    await asyncio.gather(rotating, *(sale(api, f"S{n}", ana) for n in range(5)), return_exceptions=True)
    assert rotating.cancelled()
    assert (await keys_in_use(shop.database))["customer"] == ["one", "two"]
    selling = asyncio.gather(*(sale(api, f"T{n}", zed) for n in range(5)))
    done = await rotate(shop)
    await selling
    assert done.left == {}
    assert {key for keys in (await keys_in_use(shop.database)).values() for key in keys} == {"two"}
    assert await stands_in(shop, tmp_path) == set()
    assert await verified(api, ana), "what was verified holds under another key, too"
    sold = {**printed, **{f"S{n}": ANA for n in range(5)}, **{f"T{n}": ZED for n in range(5)}}
    assert (await tax_ids(api), await receipts(api), await cards(api)) == (everybody, sold, held)
    assert (await with_card(api, ANA_CARD), await with_card(api, GON_CARD)) == (["Ana"], ["regulars-was-here"])
    verifying = {one.name: one for one in verifications_of(shop.plugins)}
    verification = verifying["encryption"]
    for one in (verification, verifying["attributes"], verifying["unique-attributes"]):
        assert [sentence async for sentence in one.differences(shop)] == []
    file = io.StringIO()
    await export_customers(shop, file, ["first_name", "tax_id"])
    assert {ANA, ZED, GON} == {row.split(",")[1] for row in file.getvalue().splitlines()[1:]}
    for id_, those in ((ana, (ANA, ANA_CARD, "Go")), (bo, (GON, GON_CARD))):
        document = (await handed_out(api, id_)).decode()
        assert all(one in document for one in those)
        assert "u0001" not in document
    again, known = tmp_path / "again.csv", await codes(api)
    again.write_text(f"code,first_name,last_name,tax_id\n{known['Ana']},Ana,Li,{ANA}\n,New,Li,{ZED}\n")
    report = await import_customers(shop, again, ImportOptions(check=True), lambda *_: None)
    assert (report.unchanged, report.rejected) == (1, 1), report

    # The key is lost: that is told, and everything else goes on.
    blind = Api.of(lost := await open_shop(encryption_keys=ONE, unique_fields="tax_id"))
    answer = await blind.ask("{ customers(first: 9) { nodes { firstName taxId } } }")
    assert sorted(row["firstName"] for row in answer.data["customers"]["nodes"]) == ["Ana", "Zed", "regulars-was-here"]
    assert {row["taxId"] for row in answer.data["customers"]["nodes"]} == {None}
    assert set(answer.codes) == {"UNAVAILABLE"}
    assert "encryption key 'two'" in answer.errors[0]["message"]
    answer = await blind.ask(CARDS)
    told = {
        (row["firstName"], one["name"], one["value"])
        for row in answer.data["customers"]["nodes"]
        for one in row["attributes"]
    }
    assert told == {("Ana", "card", None), ("Ana", "hobby", "Go"), ("regulars-was-here", "card", None)}
    assert set(answer.codes) == {"UNAVAILABLE"}
    with pytest.raises(KeyLost):
        await export_customers(lost, io.StringIO(), ["first_name", "attribute.card"])
    plain = io.StringIO()
    await export_customers(lost, plain, ["first_name", "attribute.hobby"])
    assert "Ana,Go" in plain.getvalue()
    # It may be the same or another: a file that knows her by the phone alone does not overwrite it.
    await blind.done("customerUpdate", "customer { id }", {"id": ana, "phone": "+525512345678"})
    again.write_text("first_name,last_name,phone,attribute.card\n,,+525512345678,OTHER\n")
    report = await import_customers(lost, again, ImportOptions(allow_incomplete=True), lambda *_: None)
    assert (report.updated, list(report.samples)) == (0, ["SAME_PHONE"]), report
    await give(blind, ana, hobby="Chess")
    answer = await blind.ask("{ purchases { nodes { receipt { customerName customerTaxId } } } }")
    assert {row["receipt"]["customerName"] for row in answer.data["purchases"]["nodes"]} == {
        "Ana Li",
        "Gon Li",
        "Zed Li",
    }
    assert set(answer.codes) == {"UNAVAILABLE"}
    await blind.done("customerUpdate", "customer { id }", {"id": ana, "preferredName": "Anita"})
    await sale(blind, "U1", ana)
    assert len((await blind.data('{ customerSearch(query: "anita") { id } }'))["customerSearch"]) == 1
    assert await encryption(lost) == (
        False,
        "values are sealed by keys that are not there: two; add them to REGULARS_ENCRYPTION_KEYS",
    )
    assert (await rotate(lost)).left["key two"] > 0
    assert (await tax_ids(api), (await receipts(api))["U1"]) == (everybody, ANA)
    assert (await found(api, ANA), await with_card(api, ANA_CARD), await cards(api)) == (["Ana"], ["Ana"], held)

    # An undo gives back what the merge had kept sealed; and nobody can put one value in the place of another.
    await api.done("customersUnmerge", "customers { id }", {"mergeId": merged["customersMerge"]["mergeId"]})
    assert await tax_ids(api) == {"Ana": ANA, "Zed": ZED, "Gon": GON}
    assert await cards(api) == {"Ana": ANA_CARD, "Gon": GON_CARD}
    assert (await receipts(api))["R2"] == GON
    swap = "UPDATE customer SET tax_id = (SELECT z.tax_id FROM customer z WHERE z.first_name = 'Zed') WHERE first_name = 'Ana'"
    await shop.database.transaction(lambda: shop.database.run(swap))
    answer = await api.ask("query($id: ID!) { customer(id: $id) { firstName taxId } }", id=ana)
    assert (answer.data["customer"], answer.codes) == ({"firstName": "Ana", "taxId": None}, ["UNAVAILABLE"])
    assert [sentence async for sentence in verification.differences(shop)] != []
    swap = "UPDATE customer_attribute SET value = (SELECT z.value FROM customer_attribute z WHERE z.customer_id = $1)"
    values = (gon.partition("_")[2], ana.partition("_")[2])
    swap += " WHERE customer_id = $2 AND definition_id = (SELECT d.id FROM customer_attribute_definition d WHERE d.is_sensitive)"
    await shop.database.transaction(lambda: shop.database.run(swap, *values))
    answer = await api.ask("query($id: ID!) { customer(id: $id) { attributes { value } } }", id=ana)
    assert (answer.data["customer"], answer.codes) == (
        {"attributes": [{"value": None}, {"value": "Chess"}]},
        ["UNAVAILABLE"],
    )


async def test_half_way_from_one_key_to_the_next(open_shop: OpenShop) -> None:
    """Two have the same where different keys have sealed it."""
    api = Api.of(await open_shop(encryption_keys=ONE))
    defined = ("customerAttributeDefine", "customerAttribute { name }")
    badge = {"name": "badge", "type": "TEXT", "isSensitive": True}
    await declare(api)
    await api.done(*defined, badge)
    ana, bea = await customer(api, "Ana", ANA), await customer(api, "Bea")
    await give(api, ana, card=ANA_CARD, badge="7")
    await give(api, bea, card="other", badge="8")
    merge = {"survivorId": bea, "absorbedIds": [ana], "overrides": []}
    merged = await api.done("customersMerge", "customersMerge { mergeId }", merge)

    shop = await open_shop(encryption_keys=f"{TWO},{ONE}")
    api = Api.of(shop)
    await give(api, bea, card=ANA_CARD)
    await api.done("customersUnmerge", "customers { id }", {"mergeId": merged["customersMerge"]["mergeId"]})
    assert await cards(api) == {"Ana": ANA_CARD}  # it was hers before Bea was given it
    cy = await customer(api, "Cy", ANA)
    await give(api, cy, badge="7")
    asked = {"survivorId": cy, "absorbedIds": [ana]}
    document = (
        "query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) { fields { field } } }"
    )
    fields = (await api.data(document, input=asked))["customersMergePreview"]["fields"]
    assert not {"taxId", "attributes.badge"} & {one["field"] for one in fields}
    # An erasure leaves conditions that are about somebody else, too.
    own = await owned_by(shop, [ana.partition("_")[2]])
    assert (own.columns["tax_key"], own.attributes.keys()) == (set(), {"card"})
    await api.done(*defined, {**badge, "isUnique": True})
    verifying = {one.name: one for one in verifications_of(shop.plugins)}["unique-attributes"]
    known = await codes(api)
    told = [f"{known['Ana']}, {known['Cy']} have the same badge, which the shop allows once"]
    assert [sentence async for sentence in verifying.differences(shop)] == told
    await rotate(shop)
    assert [sentence async for sentence in verifying.differences(shop)] == told


async def test_switched_on_for_what_was_plain(open_shop: OpenShop, tmp_path: Path) -> None:
    shop = await open_shop()
    api = Api.of(shop)
    assert await encryption(shop) == (True, "nothing sensitive is kept")
    odd = "\x01one~x~y"
    ids = {
        name: await customer(api, name, tax)
        for name, tax in (("Ana", ANA), ("Zed", ZED), ("Odd", odd), ("regulars-was-here", None))
    }
    await declare(api)
    await give(api, ids["Ana"], card=ANA_CARD, hobby="Go")
    await sale(api, "R1", ids["Ana"])
    assert (await keys_in_use(shop.database), (await encryption(shop))[0]) == (
        {"customer": [PLAIN], "purchase_receipt": [PLAIN], "customer_attribute": [PLAIN]},
        False,
    )
    with pytest.raises(RuntimeError, match="REGULARS_ENCRYPTION_KEYS"):
        await rotate(shop)
    shop = await open_shop(encryption_keys=ONE)
    api, everybody = Api.of(shop), {"Ana": ANA, "Zed": ZED, "Odd": odd}
    assert await tax_ids(api) == everybody
    assert (await found(api, ANA), await found(api, ZED), await with_card(api, ANA_CARD)) == (["Ana"], ["Zed"], ["Ana"])
    rotated = await rotate(shop)
    assert (rotated.sealed, rotated.left) == ({"customer": 3, "purchase_receipt": 1, "customer_attribute": 1}, {})
    assert (await rotate(shop)).sealed == {}
    assert (await tax_ids(api), await receipts(api), await found(api, ANA)) == (everybody, {"R1": ANA}, ["Ana"])
    assert (await cards(api), await with_card(api, ANA_CARD)) == ({"Ana": ANA_CARD}, ["Ana"])
    assert await stands_in(shop, tmp_path, in_files=False) == set()
    versions = await shop.database.rows("SELECT DISTINCT version FROM customer ORDER BY version")
    assert [row[0] for row in versions] == [1, 2]  # hers who was given a card


def test_a_seal_holds() -> None:
    keys = {"a": b"a" * 32, "b": b"b" * 32}
    old, new = Seals({"a": keys["a"]}), Seals({"b": keys["b"], "a": keys["a"]})
    stored = old.sealed("Ünïcode \U0001f600" * 20, "t", "c", "row")
    assert stored is not None
    assert stored == old.sealed("Ünïcode \U0001f600" * 20, "t", "c", "row")
    assert new.opened(stored, "t", "c", "row") == "Ünïcode \U0001f600" * 20
    for place in (("t", "c", "other"), ("t", "d", "row"), ("u", "c", "row")):
        with pytest.raises(SealBroken):
            new.opened(stored, *place)
    for broken in (stored[:-4] + "AAAA", stored.replace("~row~", "~other~"), "\x01a~row~", "\x01"):
        with pytest.raises(SealBroken):
            new.opened(broken, "t", "c", ("row", "other"))
    plain = Seals()
    for content in (b"", b"\x01~", b"\x00\xff" * 9):
        kept = old.sealed_bytes(content, "t", "c", "1")
        assert new.opened_bytes(kept, "t", "c", "1") == content
        assert plain.opened_bytes(plain.sealed_bytes(content, "t", "c", "1"), "t", "c", "1") == content
    with pytest.raises(SealBroken):
        new.opened_bytes(kept, "t", "c", "2")
    with pytest.raises(KeyLost, match="'a'"):
        plain.opened_bytes(kept, "t", "c", "1")
    with pytest.raises(KeyLost, match="'a'"):
        Seals({"b": keys["b"]}).opened(stored, "t", "c", "row")
    assert len(new.sealed("\U0001f600" * 64, "t", "c", "0" * 32) or "") <= 512
    assert len(new.digest("x", "t.c") or "") <= 96
    assert new.digest("x", "t.c") in new.digests("x", "t.c")
    assert old.digest("x", "t.c") in new.digests("x", "t.c")
    assert new.digest("x", "t.c") != new.digest("x", "t.d")


@pytest.mark.parametrize("keys", ["secretsecret", "a:c2VjcmV0", f"{ONE},{ONE}", "a b:" + ONE[4:], "a:" + "!" * 44])
def test_wrong_keys_are_not_printed(keys: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(encryption_keys=keys)
    assert "REGULARS_ENCRYPTION_KEYS: write id:base64" in str(raised.value)
    assert not any(part in str(raised.value) for part in ("secretsecret", "c2VjcmV0", ONE[4:], "!!!!"))
    settings = load_settings(encryption_keys=ONE)
    assert ONE[4:] not in repr(settings)


PAIRS = "query($d: Boolean) { customerDuplicates(first: 9, dismissed: $d) { nodes { id reasons } } }"


async def pairs(api: Api, *, dismissed: bool = False) -> dict[str, list[str]]:
    """Who may be the same, as it is found anew."""
    await find_duplicates(api.shop)
    found = (await api.data(PAIRS, d=dismissed))["customerDuplicates"]["nodes"]
    return {one["id"]: one["reasons"] for one in found}


async def test_pairs_that_are_alike_in_sealed_values_stay_through_a_rotation(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_BATCH", 1)
    shop = await open_shop(encryption_keys=ONE)
    api = Api.of(shop)
    card = {"name": "card", "type": "TEXT", "isSensitive": True, "isUnique": False}
    await api.done("customerAttributeDefine", "customerAttribute { name }", card)
    for name, tax_id in (("Ana", ANA), ("Zoe", ANA), ("Bo", ZED), ("Kim", ZED)):
        await customer(api, name, tax_id)
    for name in ("Ulf", "Pia"):
        await give(api, await customer(api, name), card=ANA_CARD)
    await api.done("customerAttributeDefine", "customerAttribute { name }", {**card, "isUnique": True})
    told = await pairs(api)
    assert sorted(told.values()) == [["ATTRIBUTE"], ["TAX_ID"], ["TAX_ID"]]
    dismissed = next(id_ for id_, reasons in told.items() if reasons == ["TAX_ID"])
    await api.done("customerDuplicateDismiss", "__typename", {"pairId": dismissed})
    left = {id_: reasons for id_, reasons in told.items() if id_ != dismissed}

    shop = await open_shop(encryption_keys=f"{TWO},{ONE}")
    api = Api.of(shop)
    half_way = list[dict[str, list[str]]]()
    everybody = "INSERT INTO duplicate_due (customer_id) SELECT id FROM customer"

    async def look() -> None:
        await shop.database.transaction(lambda: shop.database.run(everybody))
        half_way.append(await pairs(api))
        assert list(await pairs(api, dismissed=True)) == [dismissed]

    for column in rotation.COLUMNS:
        last = "0" * 32
        while keys := await rotation._next(shop.database, column, last):
            await shop.database.transaction(
                lambda column=column, keys=keys: rotation._reseal(shop.database, column, keys, rotation.Rotated())
            )
            last = keys[-1]
            await look()
    assert half_way == [left] * 6
    verifying = {one.name: one for one in verifications_of(shop.plugins)}["duplicates"]
    assert [sentence async for sentence in verifying.differences(shop)] == []
    shop = await open_shop(encryption_keys=TWO)
    api = Api.of(shop)
    await look()
    assert half_way[-1] == left
