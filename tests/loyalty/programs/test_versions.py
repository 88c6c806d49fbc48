"""Which program holds at an instant, and what is looked up for it."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import Instant, Shop, new_id
from regulars_core.testing import OpenShop, statements
from regulars_loyalty.points.earning import earnings_from, lookup_earning
from regulars_loyalty.points.program import EarningData, ProgramData
from regulars_loyalty.points.program_versions import versions_of
from tests.support.sales import UTC, at, line, program, rule, sale

HUNDRED = rule("PER_PURCHASE", "P", points=100)
ONCE = rule("PER_PURCHASE", "WELCOME", points=50, oncePerCustomer=True)


BUYER, OTHER = "c" * 32, "d" * 32


async def runs(shop: Shop, sql: str, *values: Any) -> None:
    """Write something by hand."""
    await shop.database.transaction(lambda: shop.database.run(sql, *values))


async def puts(shop: Shop, starts: str, *rules: EarningData, body: ProgramData | None = None) -> int:
    """Put a program in force, whatever it says."""
    await runs(
        shop,
        "INSERT INTO loyalty_program (starts_at, body, author, created_at) VALUES ($1, $2, 'test', $1)",
        at(starts),
        (body or ProgramData(rules=rules)).model_dump_json(),
    )
    [row] = await shop.database.rows("SELECT max(number) FROM loyalty_program")
    return int(row[0])


async def withdraws(shop: Shop, number: int) -> None:
    await runs(shop, "UPDATE loyalty_program SET withdrawn_at = 0 WHERE number = $1", number)


async def earned(shop: Shop, *whens: str, customer: str = BUYER) -> Sequence[Sequence[tuple[str, int]]]:
    """What is given for purchases at these times, by a look ahead as events have it."""
    sales = [sale(line("Tea", "10"), when=when, customer=customer) for when in whens]
    lookups = lookup_earning(shop, [(customer, one.at) for one in sales])
    found = await shop.database.read_together(lookups)
    return [[(one.code, one.points) for one in each] for each in await earnings_from(shop, sales, found)]


async def test_the_program_in_force_at_the_purchase_decides(shop: Shop) -> None:
    assert await earned(shop, "2026-01-01") == [[]]
    first = await puts(shop, "2026-02-01", HUNDRED)
    assert await earned(shop, "2026-01-31", "2026-02-01", "2026-02-01T11:59:59.999+00:00") == [[], [("P", 100)], []]
    second = await puts(shop, "2026-03-01", rule("PER_PURCHASE", "Q", points=7))
    assert await earned(shop, "2026-03-01", "2026-02-20") == [[("Q", 7)], [("P", 100)]]
    again = await puts(shop, "2026-03-01", rule("PER_PURCHASE", "R", points=8))
    assert await earned(shop, "2026-03-01") == [[("R", 8)]]
    await withdraws(shop, again)
    assert await earned(shop, "2026-03-01") == [[("Q", 7)]]
    await withdraws(shop, second)
    assert await earned(shop, "2026-03-01") == [[("P", 100)]]
    versions = await versions_of(shop)
    assert [(one.number, one.begins) for one in versions.all] == [(first, at("2026-02-01"))]
    assert (await versions_of(shop)) is versions


async def test_one_row_is_looked_up_where_nothing_more_is_needed(shop: Shop) -> None:
    await puts(shop, "2026-02-01", HUNDRED)
    await earned(shop, "2026-03-01")
    one = sale(line("Tea", "10"), when="2026-03-01", customer=BUYER)
    lookups = lookup_earning(shop, [(BUYER, one.at)])
    assert len(lookups) == 1
    found = await shop.database.read_together(lookups)
    with statements(shop, 0):
        [[outcome]] = await earnings_from(shop, [one], found)
    assert (outcome.points, outcome.program, outcome.base) == (100, 1, 1_000)


async def test_what_another_process_changed_meanwhile_is_read_anew(shop: Shop, open_shop: OpenShop) -> None:
    await puts(shop, "2026-02-01", HUNDRED)
    await earned(shop, "2026-03-01")
    one = sale(line("Tea", "10"), when="2026-03-01", customer=BUYER)
    lookups = lookup_earning(shop, [(BUYER, one.at)])
    await puts(shop, "2026-02-15", ONCE)
    found = await shop.database.read_together(lookups)
    with statements(shop, 2):  # the versions, and to whom was given once
        [[outcome]] = await earnings_from(shop, [one], found)
    assert (outcome.code, outcome.points) == ("WELCOME", 50)


async def test_once_per_customer(shop: Shop) -> None:
    await puts(shop, "2026-02-01", ONCE)
    await versions_of(shop)
    assert await earned(shop, "2026-03-02", "2026-03-01") == [[("WELCOME", 0)], [("WELCOME", 50)]]
    known, transfer, bought = OTHER, new_id(), sale(line("Tea", "1"), when="2026-03-01", customer=OTHER)
    await runs(
        shop,
        "INSERT INTO loyalty_transfer (id, customer_id, unit, version, kind, source, target, amount, balance_after,"
        " debt_after, at, recorded_at, event_id, event_kind, purchase_id)"
        " VALUES ($1, $2, 'PTS', 1, 'EARN', 'ISSUED', 'LOTS', 50, 50, 0, 0, 0, $1, 'PURCHASE', $3)",
        transfer,
        known,
        bought.id,
    )
    await runs(
        shop,
        "INSERT INTO loyalty_once (id, customer_id, rule, transfer_id) VALUES ($1, $2, 'WELCOME', $1)",
        transfer,
        known,
    )
    assert await earned(shop, "2026-03-05", customer=known) == [[("WELCOME", 0)]]
    [[same]] = await earnings_from(shop, [bought])
    assert same.points == 50  # it is the purchase for which it was given: found anew, it is as it was


async def test_a_kind_whose_plugin_is_off_is_kept_and_gives_nothing(shop: Shop) -> None:
    await puts(shop, "2026-02-01", rule("VARIETY", "V"), rule("PER_AMOUNT", "A", points=0, per="1"), HUNDRED)
    sales = [sale(line("Tea", "10"), when="2026-03-01", customer=BUYER)]
    [[gone, wrong, given]] = await earnings_from(shop, sales)
    assert (gone.reason, wrong.reason, given.points) == ("UNAVAILABLE", "UNAVAILABLE", 100)
    assert gone.explanation.text == "It cannot be used: no plugin that is on brings it."
    assert not gone.is_failure


def test_from_when_until_when_points_can_be_spent() -> None:
    """30 days, purchase 1 Jun → available 1 Jul. P-P27: nine months are calendar months. P-P18: through the last day of the
    month."""

    def ends(when: str, **more: object) -> tuple[Instant, Instant, str | None]:
        terms = program(**more).terms(sale(line("Tea", "1"), when=when), UTC)
        return terms.available_at, terms.expires_at, terms.life

    assert ends("2026-06-01", pending_days=30)[0] == at("2026-07-01")
    assert ends("2026-01-01", expire_after="P9M")[1:] == (at("2026-10-01"), None)
    assert ends("2026-01-01", expire_after="P9M", pending_days=31)[1] == at("2026-11-01")
    month_end = {"expire_after": "P12M", "expiry_rounding": "MONTH_END"}
    assert ends("2020-07-06", **month_end)[1] == at("2021-08-01T00:00:00+00:00")
    assert ends("2026-01-01", expire_after="P180D", expiry_start="LAST_ACTIVITY")[2] == "P180D"
