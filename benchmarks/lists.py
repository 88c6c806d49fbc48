"""Lists of customers as shops ask for them: an order, a filter, and beside each the statement that somebody would write by hand
who knows how many have what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.population import TODAY
from regulars_core.primitives.clock import DAY_MS, NEVER, Instant, printed

_LIVE = "c.status NOT IN ('MERGED', 'ERASED')"
_BY_CUSTOMER = "FROM customer c JOIN customer_stats s ON s.customer_id = c.id"
_BY_STATS = "FROM customer_stats s JOIN customer c ON c.id = s.customer_id"
_EVER = f"{NEVER + 1} - 1"
_SEARCHED = "FROM customer_text t JOIN customer c ON c.id = t.customer_id"


def _at(instant: int) -> str:
    return printed(Instant(instant))


@dataclass(frozen=True)
class Asked:
    """A list: its order and filter as a client sends them, and the FROM and WHERE of the statement by hand; what is in braces is
    put in from the database. `others` is that of PostgreSQL or SQLite where they want different ones."""

    title: str
    order: str
    where: Mapping[str, Any]
    best: str
    descending: bool = False
    search: str | None = None
    best_on_sqlite: str | None = None
    first: str | None = None
    """Those of the first page, if others."""
    counted: str | None = None
    """The FROM and WHERE by which it is counted, if by others."""
    bound: str | None = None
    """What is looked for, `{bound}` in them, where it is another each time: it is bound, and PostgreSQL plans for it, as for
    ours. In the text the plan would be ready made, which takes as long as the rest where it finds one customer."""


_QUARTER_AGO = TODAY - 90 * DAY_MS
_WEEK_AGO = TODAY - 7 * DAY_MS
_JUNE = (1_748_736_000_000, 1_751_328_000_000)
_YEAR_AGO = TODAY - 365 * DAY_MS
_STANDS = "p.status IN ('PAID', 'PARTIALLY_REFUNDED')"
_BUYERS = (
    "(SELECT p.customer_id FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id"
    f" WHERE l.sku IN ('SKU-77'{{others}}) AND {_STANDS} AND p.total >= 0 GROUP BY p.customer_id {{having}}) b"
    " JOIN customer c ON c.id = b.customer_id JOIN customer_stats s ON s.customer_id = c.id"
)
_BUYERS_OF_TWO = _BUYERS.format(others=", 'SKU-78'", having="HAVING count(*) >= 2")
_AGREES = (
    "EXISTS (SELECT 1 FROM consent_in_force f WHERE f.customer_id = c.id AND f.purpose = 'marketing'"
    " AND f.decision = 'GRANTED' AND f.ways = 2)"
)
_MATCHES = "t.names LIKE '%  maria%' AND t.names LIKE '%  garcia%'"
_MATCHES_BY_INDEX = (
    "FROM customer_text_index i JOIN customer_text t ON t.number = i.rowid JOIN customer c ON c.id = t.customer_id WHERE"
    """ customer_text_index MATCH '{{names}} : "  maria" AND {{names}} : "  garcia"'"""
)

_SIGNED = (
    "SELECT n.id, n.sort_name FROM (SELECT id, sort_name, signature_low, signature_high FROM customer"
    " WHERE group_id = '{group_key}' ORDER BY sort_name, id LIMIT 1000000) n"
    " WHERE (n.signature_low & {low}) = {low} AND (n.signature_high & {high}) = {high}"
)

LISTS = (
    Asked("everybody by name", "NAME", {}, f"FROM customer c WHERE {_LIVE}"),
    Asked(
        "the newest of a group", "CREATED_AT", {"group": {"in": ["{group}"]}},
        f"FROM customer c WHERE c.group_id = '{{group_key}}' AND {_LIVE}", True,
    ),
    Asked("who registered in a month", "CREATED_AT", {"createdAt": {"gte": _at(_JUNE[0]), "lt": _at(_JUNE[1])}},
          f"FROM customer c WHERE c.created_at >= {_JUNE[0]} AND c.created_at < {_JUNE[1]} AND {_LIVE}"),
    Asked("changed since", "UPDATED_AT", {"updatedAt": {"gte": _at(_WEEK_AGO)}},
          f"FROM customer c WHERE c.updated_at >= {_WEEK_AGO} AND {_LIVE}"),
    Asked("birthdays of the next 30 days by name", "NAME", {"birthday": {"inNextDays": 30}},
          f"FROM customer c WHERE substr(c.birth_date, 6, 5) IN {{days}} AND {_LIVE}"),
    Asked("aged 18 to 25", "CREATED_AT", {"age": {"gte": 18, "lte": 25}},
          f"FROM customer c WHERE c.birth_date <= '{{youngest}}' AND c.birth_date > '{{oldest}}' AND {_LIVE}", True),
    Asked("suspended by name", "NAME", {"status": {"in": ["SUSPENDED"]}},
          "FROM customer c WHERE c.status = 'SUSPENDED'"),
    Asked("like to be written to, with a phone", "NAME", {"preferredContact": {"in": ["SMS"]}, "hasPhone": True},
          f"FROM customer c WHERE c.preferred_contact = 'SMS' AND c.phone IS NOT NULL AND {_LIVE}"),
    Asked("agree to marketing by e-mail", "NAME", {"hasConsent": {"channel": "EMAIL"}},
          f"FROM customer c WHERE {_AGREES} AND {_LIVE}"),
    Asked("a choice of an attribute", "NAME", {"attribute": {"name": "shirt_size", "in": ["XL"]}},
          "FROM customer c WHERE EXISTS (SELECT 1 FROM customer_attribute v WHERE v.customer_id = c.id"
          f" AND v.definition_id = '{{shirt_size}}' AND v.value_key = 'xl') AND {_LIVE}"),
    Asked("a range of an attribute", "CODE", {"attribute": {"name": "shoe_size", "gte": "46", "lte": "47"}},
          "FROM customer c WHERE EXISTS (SELECT 1 FROM customer_attribute v WHERE v.customer_id = c.id"
          f" AND v.definition_id = '{{shoe_size}}' AND v.ordinal BETWEEN 46000000 AND 47000000) AND {_LIVE}"),
    Asked("the one with a unique attribute", "CREATED_AT",
          {"attribute": {"name": "member_number", "in": ["M{member}"]}},
          "FROM customer_attribute v JOIN customer c ON c.id = v.customer_id WHERE v.definition_id = '{member_number}'"
          f" AND v.value_key = {{bound}} AND {_LIVE}", True, bound="m{member}"),
    Asked("a tag of many", "CREATED_AT", {"tag": {"in": ["vip"]}},
          f"FROM customer c WHERE EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer_id = c.id AND t.tag_key = 'vip')"
          f" AND {_LIVE}", True),
    Asked("a tag of few by name", "NAME", {"tag": {"in": ["fair 2026"]}},
          f"FROM customer_tag t JOIN customer c ON c.id = t.customer_id WHERE t.tag_key = 'fair 2026' AND {_LIVE}"),
    Asked("top spenders of those registered in a store", "TOTAL_SPENT", {"originStore": {"in": ["{store}"]}},
          f"{_BY_STATS} WHERE c.origin_store_id = '{{store_key}}' AND {_LIVE}", True),
    Asked("spent 500 or more", "TOTAL_SPENT", {"totalSpent": {"gte": "500"}},
          f"{_BY_STATS} WHERE s.total_spent >= 50000 AND {_LIVE}", True),
    Asked("not seen for 90 days", "LAST_PURCHASE_AT", {"lastPurchaseAt": {"lt": _at(_QUARTER_AGO)}},
          f"{_BY_STATS} WHERE s.last_purchase_at < {_QUARTER_AGO} AND s.last_purchase_at > {_EVER} AND {_LIVE}", True),
    Asked("often here, with an e-mail address", "PURCHASE_COUNT", {"purchaseCount": {"gte": 5}, "hasEmail": True},
          f"{_BY_STATS} WHERE s.purchase_count >= 5 AND c.email IS NOT NULL AND {_LIVE}", True),
    Asked("regulars by what they spend", "TOTAL_SPENT", {"isRegular": True},
          f"{_BY_STATS} WHERE s.regular_at > {{since}} AND {_LIVE}", True),
    Asked("spend much at a time, by name", "NAME", {"averagePurchase": {"gte": "80"}},
          f"{_BY_CUSTOMER} WHERE {{average}} >= 8000 AND s.purchase_count > 0 AND {_LIVE}"),
    Asked("bought an article, latest first", "LAST_PURCHASE_AT", {"purchases": {"where": {"sku": {"in": ["SKU-77"]}}}},
          f"FROM {_BUYERS.format(others='', having='')} WHERE {_LIVE}", True),
    Asked("bought two articles, latest first", "LAST_PURCHASE_AT",
          {"purchases": {"where": {"sku": {"in": ["SKU-77", "SKU-78"]}}, "count": {"gte": 2}}},
          f"FROM {_BUYERS_OF_TWO} WHERE {_LIVE}", True),
    Asked("spent 100 or more in a store in a year", "TOTAL_SPENT",
          {"purchases": {"where": {"store": {"in": ["{store}"]}, "purchasedAt": {"gte": _at(_YEAR_AGO)}},
                         "total": {"gte": "100"}}},
          f"{_BY_STATS} WHERE (SELECT sum(p.total - p.refunded) >= 10000 AND count(CASE WHEN p.total >= 0 THEN 1 END) >= 1"
          f" FROM purchase p WHERE p.customer_id = s.customer_id AND {_STANDS} AND p.store_id = '{{store_key}}'"
          f" AND p.purchased_at >= {_YEAR_AGO}) AND {_LIVE}", True,
          counted=f"FROM customer c WHERE c.id IN (SELECT p.customer_id FROM purchase p WHERE {_STANDS}"
          f" AND p.store_id = '{{store_key}}' AND p.purchased_at >= {_YEAR_AGO} GROUP BY p.customer_id"
          f" HAVING sum(p.total - p.refunded) >= 10000 AND count(CASE WHEN p.total >= 0 THEN 1 END) >= 1) AND {_LIVE}"),
    Asked("a segment of regulars of a group who agree", "NAME", {"segment": {"in": ["{segment}"]}},
          f"{_BY_CUSTOMER} WHERE c.group_id = '{{group_key}}' AND s.regular_at > {{since}} AND {_AGREES} AND {_LIVE}"),
    Asked("words of a name within a group", "NAME", {"group": {"in": ["{group}"]}},
          f"{_SEARCHED} WHERE {_MATCHES} AND c.group_id = '{{group_key}}' AND c.status IN ('ACTIVE', 'SUSPENDED')",
          search="maria garcia",
          best_on_sqlite=f"{_MATCHES_BY_INDEX} AND c.group_id = '{{group_key}}' AND c.status IN ('ACTIVE', 'SUSPENDED')",
          first=f"FROM customer c WHERE c.id IN (SELECT k.id FROM ({_SIGNED}) k JOIN customer_text t ON t.customer_id = k.id"
          f" JOIN customer m ON m.id = k.id WHERE {_MATCHES} AND m.status IN ('ACTIVE', 'SUSPENDED')"
          f" ORDER BY k.sort_name, k.id LIMIT 51)"),
    Asked("a group by name", "NAME", {"group": {"in": ["{group}"]}},
          f"FROM customer c WHERE c.group_id = '{{group_key}}' AND {_LIVE}"),
)  # fmt: skip
"""The 25 pairs of an order and a filter that a shop is asked for most, and at the end one besides."""

SEGMENT = {"group": {"in": ["{group}"]}, "isRegular": True, "hasConsent": {"channel": "EMAIL"}}
"""What the segment's conditions are."""

FILTERS: Mapping[str, Mapping[str, Any]] = {
    "no filter": {},
    "id": {"id": {"in": ["{customer}"]}},
    "isCompany": {"isCompany": True},
    "companyName": {"companyName": {"in": ["Nobody"]}},
    "taxId": {"taxId": {"in": ["X1"]}},
    "hasEmail: false": {"hasEmail": False},
    "city": {"city": {"in": ["Aarhus"]}},
    "region": {"region": {"in": ["Jutland"]}},
    "postalCode": {"postalCode": {"in": ["8000"]}},
    "country": {"country": {"in": ["DK"]}},
    "verified": {"verified": {"in": ["AGE"]}},
    "firstPurchaseAt of a week": {"firstPurchaseAt": {"gte": _at(_WEEK_AGO)}},
    "lastPurchaseAt of a day": {"lastPurchaseAt": {"gte": _at(TODAY - DAY_MS)}},
    "anniversary in 7 days": {"anniversary": {"inNextDays": 7}},
    "birthday today": {"birthday": {"inNextDays": 0}},
    "age of 90": {"age": {"gte": 90}},
    "totalSpent of 2,000 or more": {"totalSpent": {"gte": "2000"}},
    "no tag": {"not": {"tag": {"in": ["newsletter", "vip", "fair 2026"]}}},
    "no consent": {"not": {"hasConsent": {"channel": "EMAIL"}}},
    "no regular": {"isRegular": False},
    "no purchase": {"purchases": {"count": {"lte": 0}}},
    "20 purchases": {"purchases": {"count": {"gte": 20}}},
    "attribute unknown": {"attribute": {"name": "shoe_size", "isKnown": False}},
    **{asked.title: asked.where for asked in LISTS if asked.where and asked.search is None},
}
"""One comparison of each leaf at least, rare and frequent ones, for the product with all orders."""
