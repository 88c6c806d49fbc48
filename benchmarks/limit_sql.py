"""The operations as one statement each, which makes the JSON of the whole answer: as far as one can go."""

from collections.abc import Mapping
from dataclasses import dataclass

from regulars_core.customers.quick_search import QuickSearch
from regulars_core.database import Dialect, Engine
from regulars_core.database.dialect import PLACEHOLDERS
from regulars_core.primitives.clock import DAY_MS, NEVER
from regulars_core.queries.where import Values

_NEVER = f"({NEVER + 1} - 1)"


@dataclass(frozen=True)
class Json:
    """How an engine writes JSON."""

    engine: Engine

    @property
    def _postgres(self) -> bool:
        return self.engine == "postgres"

    def object(self, **fields: str) -> str:
        """An object of these expressions."""
        inside = ", ".join(f"'{name}', {value}" for name, value in fields.items())
        return f"{'json_build_object' if self._postgres else 'json_object'}({inside})"

    def one(self, value: str, source: str) -> str:
        """A value out of the only row of a query, or null."""
        return f"(SELECT {value} FROM {source})" if self._postgres else f"json((SELECT {value} FROM {source}))"

    def array(self, item: str, source: str) -> str:
        """An array of a value of each row of a query."""
        if self._postgres:
            return f"coalesce((SELECT json_agg(i.o) FROM (SELECT {item} AS o FROM {source}) i), '[]'::json)"
        return f"json((SELECT json_group_array(json(i.o)) FROM (SELECT {item} AS o FROM {source}) i))"

    def id(self, kind: str, column: str) -> str:
        """An id as clients see it."""
        key = f"encode(uuid_send({column}), 'hex')" if self._postgres else column
        return f"'{kind}_' || {key}"

    def money(self, minor: str) -> str:
        """An amount of dollars."""
        text = f"({minor} * 0.01)::text" if self._postgres else f"printf('%d.%02d', {minor} / 100, {minor} % 100)"
        return self.object(amount=text)

    def instant(self, at: str) -> str:
        """An instant, null for never."""
        if self._postgres:
            return f"""to_char(to_timestamp(nullif({at}, {_NEVER}) / 1000.0), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', nullif({at}, {_NEVER}) / 1000.0, 'unixepoch')"

    def quantity(self, millionths: str) -> str:
        """A quantity without needless zeros."""
        if self._postgres:
            return f"trim_scale({millionths} * 0.000001)::text"
        return f"rtrim(rtrim(printf('%d.%06d', {millionths} / 1000000, {millionths} % 1000000), '0'), '.')"

    def value(self, number: int, type: str) -> str:
        """A placeholder."""
        return f"${number}::{type}" if self._postgres else f"?{number}"

    def text(self, json: str) -> str:
        """JSON as text."""
        return f"{json}::text" if self._postgres else json

    @property
    def today(self) -> str:
        """The number of this day since 1970, in UTC."""
        if self._postgres:
            return "floor(extract(epoch FROM now()) / 86400)::bigint"
        return "CAST(strftime('%s', 'now') AS INTEGER) / 86400"


def statements(engine: Engine) -> Mapping[str, str]:
    """The statement of each read: Q1 wants a code, Q2 and Q4 the sort key and the id before the page, Q3 a
    word."""
    json = Json(engine)
    card, purchase = _card(json), _purchase(json)
    line = json.object(sku="l.sku", name="l.name", quantity=json.quantity("l.quantity"), total=json.money("l.total"))
    lines = json.array(line, "purchase_line l WHERE l.purchase_id = p.id ORDER BY l.position")

    def purchases(number: int, fields: Mapping[str, str]) -> str:
        latest = f"purchase p WHERE p.customer_id = c.id ORDER BY p.purchased_at DESC, p.id DESC LIMIT {number}"
        return json.object(nodes=json.array(json.object(**fields), latest))

    def page(number: int, fields: Mapping[str, str]) -> str:
        newest = (
            f"customer c WHERE (c.created_at, c.id) < ({json.value(1, 'bigint')}, {json.value(2, 'uuid')})"
            f" ORDER BY c.created_at DESC, c.id DESC LIMIT {number}"
        )
        return json.object(customers=json.object(nodes=json.array(json.object(**fields), newest)))

    profile = {**card, "purchases": purchases(10, {**purchase, "lines": lines})}
    deep = {name: card[name] for name in ("id", "code", "displayName")}
    brief = {name: value for name, value in purchase.items() if name != "status"}
    found = {name: card[name] for name in ("id", "code", "displayName", "phone")}
    seen_last = found_by(engine, json.value(1, "text"))
    answers = {
        "Q1": json.object(
            customer=json.one(json.object(**profile), f"customer c WHERE c.code = {json.value(1, 'text')}")
        ),
        "Q2": page(50, {**card, "purchases": purchases(5, purchase)}),
        "Q3": json.object(customerSearch=json.array(json.object(**found), f"{seen_last} ORDER BY {QuickSearch.order}")),
        "Q4": page(100, {**deep, "purchases": purchases(20, {**brief, "lines": lines})}),
    }
    return {name: f"SELECT {json.text(json.object(data=answer))}" for name, answer in answers.items()}


def _card(json: Json) -> dict[str, str]:
    """What is shown of customer `c`."""
    average = json.money("((2 * s.total_spent + s.purchase_count) / (2 * s.purchase_count))")
    greatest = "greatest" if json.engine == "postgres" else "max"
    stats = json.object(
        totalSpent=json.money("s.total_spent"),
        purchaseCount="s.purchase_count",
        averagePurchase=f"CASE WHEN s.purchase_count > 0 THEN {average} END",
        lastPurchaseAt=json.instant("s.last_purchase_at"),
        daysSinceLastPurchase=f"CASE WHEN s.last_purchase_at <> {_NEVER}"
        f" THEN {greatest}(0, {json.today} - s.last_purchase_at / {DAY_MS}) END",
    )
    return {
        "id": json.id("customer", "c.id"),
        "code": "c.code",
        "firstName": "c.first_name",
        "lastName": "c.last_name",
        "displayName": "coalesce(c.preferred_name, c.first_name || ' ' || c.last_name)",
        "email": "c.email",
        "phone": "c.phone",
        "status": "c.status",
        "version": "c.version",
        "createdAt": json.instant("c.created_at"),
        "group": json.one(json.object(name="g.name"), "customer_group g WHERE g.id = c.group_id"),
        "stats": json.one(stats, "customer_stats s WHERE s.customer_id = c.id"),
    }


def _purchase(json: Json) -> dict[str, str]:
    """What is shown of purchase `p`, besides its lines."""
    return {
        "id": json.id("purchase", "p.id"),
        "reference": "p.reference",
        "purchasedAt": json.instant("p.purchased_at"),
        "status": "p.status",
        "total": json.money("p.total"),
    }


def found_by(engine: Engine, word: str) -> str:
    """A FROM item: the ten customers found by a word, in the very steps of Regulars; given what stands for the word. They are in
    order by QuickSearch.order."""
    search = QuickSearch.of("any", 10, include_archived=False)
    assert search is not None
    sql = search.source(Values(Dialect(engine)), *search.given)
    given = {
        1: f"upper(trim({word}))",
        2: f"upper(trim({word}))",
        3: f"lower(trim({word}))",
        4: f"lower(trim({word}))",
        5: word,
    }  # as a code, as one without dashes, as an attribute's text and number, as a part of a name
    return PLACEHOLDERS.sub(lambda match: given[int(match["number"])] if match["number"] else match[0], sql)
