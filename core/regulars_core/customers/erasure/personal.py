"""What the tables of customers hold of them, and how that is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars_core.customers.aliases import ERASED as ERASED_STATUS
from regulars_core.customers.attributes.storage import opened_or_opaque
from regulars_core.customers.erasure.holdings import (
    AMOUNT,
    DERIVED,
    ERASED,
    ERASED_TAX_ID,
    ERASED_TEXT,
    FLAG,
    INNER,
    KEPT,
    KEPT_SEALED,
    WHEN,
    Holding,
    counted_by,
    derived,
    erase_held,
)
from regulars_core.customers.rules import sort_name
from regulars_core.customers.search.texts import names_text
from regulars_core.database.seals import Opaque
from regulars_core.primitives.clock import now
from regulars_core.shop.shop import Shop


def _opened(shop: Shop, value: str) -> str | None:
    kept = opened_or_opaque(shop.seals, value)
    return None if isinstance(kept, Opaque) else kept


OPENED = replace(KEPT, show=_opened)
"""As KEPT, a value of an attribute. It is told as null where it cannot be opened."""
WHEN_ERASED = replace(WHEN, is_erased=True)
"""As WHEN, overwritten by null."""
SIGNATURE = INNER
"""As INNER: it tells of the texts, and goes when they change."""
_TEXTS = frozenset({"names", "contact"})

HOLDINGS: Sequence[Holding] = (
    Holding(
        "customer",
        {
            "id": KEPT, "code": KEPT, "first_name": ERASED_TEXT, "last_name": ERASED_TEXT, "preferred_name": ERASED,
            "sort_name": derived(sort_name("", "")), "is_company": FLAG, "company_name": ERASED, "company_key": DERIVED,
            "tax_key": DERIVED, "email": ERASED, "phone": ERASED, "birth_date": ERASED, "gender": ERASED,
            "tax_id": ERASED_TAX_ID, "preferred_contact": ERASED, "contact_frequency": ERASED, "contact_time": ERASED,
            "contact_checked_at": WHEN_ERASED, "status": KEPT, "group_id": KEPT, "origin_store_id": KEPT,
            "version": INNER, "created_at": WHEN, "updated_at": WHEN, "merged_into_id": KEPT,
            "signature_low": SIGNATURE, "signature_high": SIGNATURE,
        },
        customer="t.id",
        kind="customers",
    ),
    Holding(
        "customer_stats",
        {
            "customer_id": KEPT, "total_spent": AMOUNT, "purchase_count": KEPT, "first_purchase_at": WHEN,
            "last_purchase_at": WHEN, "active_at": WHEN, "activity": INNER, "merged_into_id": INNER, "latest_at": INNER,
            "regular_at": INNER,
        },
        key="customer_id",
    ),
    Holding(
        "customer_group_change",
        {"number": INNER, "customer_id": KEPT, "at": WHEN, "before_id": KEPT, "after_id": KEPT},
        key="number",
    ),
    Holding(
        "customer_text",
        {"number": INNER, "customer_id": INNER, "names": DERIVED, "contact": DERIVED},
        key="number",
        by_hand=_TEXTS,
    ),
    Holding(
        "recent_text",
        {"number": INNER, "customer_id": INNER, "seen_at": INNER, "names": DERIVED, "contact": DERIVED},
        key="number",
        by_hand=_TEXTS,
    ),
    Holding(
        "customer_address",
        {
            "id": INNER, "customer_id": KEPT, "kind": KEPT, "recipient": KEPT, "line1": KEPT, "line2": KEPT, "city": KEPT,
            "city_key": INNER, "region": KEPT, "region_key": INNER, "postal_code": KEPT, "postal_key": INNER,
            "country": KEPT,
        },
        is_removed=True,
        kind="addresses",
    ),
    Holding(
        "customer_tag",
        {"id": INNER, "customer_id": KEPT, "tag": KEPT, "tag_key": INNER},
        is_removed=True,
        kind="tags",
    ),
    Holding(
        "customer_attribute",
        {
            "id": INNER, "customer_id": KEPT, "definition_id": INNER, "value": OPENED, "value_key": INNER, "ordinal": INNER,
            "given_at": WHEN,
        },
        joined="JOIN customer_attribute_definition d ON d.id = t.definition_id",
        is_removed=True,
        kind="attributes",
        also={"attribute": "d.label"},
    ),
    Holding(
        "customer_note",
        {
            "id": KEPT, "customer_id": KEPT, "body": KEPT, "author": INNER, "created_at": WHEN, "updated_at": WHEN,
            "type": KEPT, "channel": KEPT, "direction": KEPT, "outcome": KEPT, "topic": KEPT, "assignee": INNER,
            "priority": KEPT, "is_open": FLAG, "due_at": WHEN, "done_at": WHEN, "urgency": INNER, "version": INNER,
            "purchase_id": KEPT,
        },
        is_removed=True,
        kind="notes",
    ),
    Holding(
        "consent",
        {
            "id": KEPT, "customer_id": KEPT, "channel": KEPT, "purpose": KEPT, "decision": KEPT, "at": WHEN, "proof": KEPT,
            "proof_reference": KEPT, "source": KEPT, "text_version": KEPT, "recorded_at": WHEN, "recorded_by": INNER,
        },
    ),
    Holding(
        "consent_in_force",
        {
            "number": INNER, "customer_id": INNER, "consent_id": INNER, "purpose": INNER, "decision": INNER, "ways": INNER,
        },
        key="number",
    ),
    Holding(
        "customer_verification",
        {
            "id": KEPT, "customer_id": KEPT, "subject": KEPT, "is_passed": FLAG, "at": WHEN, "valid_until": KEPT,
            "document": ERASED, "about": DERIVED, "author": INNER,
        },
        kind="verifications",
    ),
    Holding(
        "customer_merge",
        {
            "id": KEPT, "survivor_id": KEPT, "merged_at": WHEN, "merged_by": INNER, "fingerprint": INNER, "moved": INNER,
            "undone_at": WHEN,
        },
        customer="t.survivor_id",
    ),
    Holding(
        "customer_merge_absorbed",
        {"number": INNER, "merge_id": KEPT, "customer_id": KEPT, "position": INNER},
        key="number",
    ),
    # What it takes to undo a merge, which then cannot be undone any more.
    Holding(
        "customer_merge_snapshot",
        {"merge_id": KEPT, "body": KEPT_SEALED},
        customer="m.survivor_id",
        joined="JOIN customer_merge m ON m.id = t.merge_id",
        key="merge_id",
        is_removed=True,
        kind="merges",
    ),
    Holding(
        "customer_merge_snapshot",
        {"merge_id": KEPT, "body": KEPT_SEALED},
        customer="b.customer_id",
        joined="JOIN customer_merge_absorbed b ON b.merge_id = t.merge_id",
        key="merge_id",
        is_removed=True,
        kind="merges",
    ),
    Holding(
        "duplicate_key",
        {
            "customer_id": INNER, "email": INNER, "phone": INNER, "phone_tail": INNER, "tax_id": INNER, "name": INNER,
            "given_and_birth": INNER, "family_and_birth": INNER,
        },
        key="customer_id",
        is_removed=True,
        kind="duplicateKeys",
    ),
    # Whom somebody may be is about somebody else, too.
    *(
        Holding(table, dict.fromkeys(columns.split(), INNER), customer=f"t.{side}", is_removed=True, kind=kind)
        for table, columns, kind in (
            (
                "duplicate_pair",
                "id customer_id other_id score reasons traits found_at is_dismissed dismissed_at",
                "duplicatePairs",
            ),
            ("duplicate_dismissal", "id customer_id other_id dismissed_at traits", "duplicateDismissals"),
        )
        for side in ("customer_id", "other_id")
    ),
    Holding(
        "erasure",
        {
            "id": KEPT, "customer_id": KEPT, "ground": KEPT, "state": KEPT, "is_open": INNER, "requested_at": WHEN,
            "key_id": INNER, "requested_by": INNER, "scheduled_for": WHEN, "cancelled_at": WHEN, "done_at": WHEN,
            "erased": INNER,
        },
    ),
)  # fmt: skip
"""Column by column. Who wrote a note, who is to see to it, or who asked for an erasure is not told: that is somebody else. What a
customer agreed to and refused stays, as the proof of it; nothing personal stands in it."""

APART: Mapping[str, str] = {
    "api_key": "It is a program's.",
    "audit": "It keeps the names of fields, and values of what is not personal; nobody can change it.",
    "bulk_job": "It keeps ids, and empties what it was asked with when it ends.",
    "code_block": "It counts codes.",
    "customer_attribute_definition": "It is of all customers.",
    "customer_group": "It is a group's.",
    "customer_merge_row": "It keeps ids.",
    "duplicate_due": "It keeps ids, for as long as somebody is to be compared anew.",
    "export_entry": "It keeps who took out what, and nothing that was in it; nobody can change it.",
    "export_fetch": "It keeps when something was fetched; nobody can change it.",
    "file_link": "It keeps digests.",
    "file_piece": "It keeps pieces of files, for hours; any erasure removes all of them.",
    "idempotency_key": "It keeps ids, figures and digests, for 45 days.",
    "job_lease": "It is a job's.",
    "journal": "It keeps ids.",
    "journal_ahead": "It keeps ids and amounts.",
    "journal_cursor": "It is a plugin's.",
    "key_binding": "It is a key's.",
    "name_spelling": "It keeps words that names have, each for as long as somebody is called so.",
    "recent_text_span": "It is of all customers.",
    "stored_file": "It keeps names that we give to files, and figures.",
    "upload": "It keeps digests.",
    "regular_count": "It is of all customers.",
    "rollup": "It is of all customers, and has ids of purchases.",
    "rollup_due": "It keeps ids, and what purchases came to before they moved, until their days are counted.",
    "rollup_state": "It is of days.",
    "role": "It is of all keys.",
    "segment": "It is of many customers; an erasure takes out of its conditions what was one customer's own.",
    "segment_version": "The conditions that a segment had: as those that it has.",
    "store": "It is a store's.",
}
"""Core's tables that hold nothing personal of a customer, and why."""


async def erase_customers(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase what the tables of customers hold of these, in the caller's transaction; of how many rows, by kind."""
    database = shop.database
    counts = dict(await erase_held(database, HOLDINGS, customer_ids))
    among = database.dialect.among("id", 1)
    rows = await database.rows(
        f"UPDATE customer SET status = $2, version = version + 1, updated_at = $3 WHERE {among} AND status <> $2"
        " RETURNING id",
        sorted(customer_ids),
        ERASED_STATUS,
        now(),
    )
    if rows:
        counts["customers"] = max(counts.get("customers", 0), len(rows))
    # They are found by their codes still, where a condition asks for who is erased. What changes here changes in the copy.
    for id_, code in await database.rows(
        f"SELECT id, code FROM customer WHERE {among} ORDER BY id", list(customer_ids)
    ):
        changed = await database.run(
            "UPDATE customer_text SET names = $2, contact = '' WHERE customer_id = $1 AND (names <> $2 OR contact <> '')",
            id_,
            names_text("", "", None, code),
        )
        if changed:
            counts["searchTexts"] = counts.get("searchTexts", 0) + changed
    return counts


async def references(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """What in the tables of customers keeps each of these from being deleted: notes, verifications, consents, and merges, those
    that were undone too."""
    places = {
        "notes": "customer_note.customer_id",
        "verifications": "customer_verification.customer_id",
        "consents": "consent.customer_id",
        "merges": "customer_merge.survivor_id",
    }
    counted = await counted_by(shop.database, places, customer_ids)
    absorbed = await counted_by(shop.database, {"merges": "customer_merge_absorbed.customer_id"}, customer_ids)
    return [
        {**ours, **{kind: ours.get(kind, 0) + count for kind, count in theirs.items()}}
        for ours, theirs in zip(counted, absorbed, strict=True)
    ]
