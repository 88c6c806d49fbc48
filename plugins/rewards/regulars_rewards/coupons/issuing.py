"""Giving coupons to customers, and generating them in bulk for nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

from regulars_core.plugin import (
    LATEST,
    MIN_COPY_ROWS,
    Checks,
    CustomerRow,
    Guarded,
    Instant,
    Malformed,
    Problem,
    Refused,
    Shop,
    acting,
    insert,
    inserting,
    new_id,
    now,
)
from regulars_rewards.coupons.codes import fits, key_of_code, key_of_random, random_codes
from regulars_rewards.hookspecs import IssuedCoupon
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_rewards.settings import RewardsSettings
from regulars_rewards.uses.customers import moved_customer

MAX_REASON = 240
MAX_CHOSEN, MAX_RANDOM = 100, 10_000
"""Codes of one call."""
MAX_USAGE = 2**31 - 1
ISSUED = "rewards_coupons_issued"
COLUMNS = (
    "id", "code", "key", "promotion_id", "customer_id", "batch_id", "issued_at", "expires_at", "usage_limit", "reserved",
    "redeemed", "revoked_at", "actor",
)  # fmt: skip
_BATCH = ("id", "promotion_id", "coupon_count", "created_at")
_REASON = ("coupon_id", "customer_id", "reason")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for each coupon: which promotion it opens, when it expires (LATEST for with its promotion), and how often it
    can be used, None for as often as the promotion allows."""

    promotion_id: str
    expires_at: Instant = LATEST
    usage_limit: int | None = 1


def checked_usage_limit(checks: Checks, limit: int | None) -> None:
    """How often a coupon can be used."""
    if limit is not None and not 1 <= limit <= MAX_USAGE:
        checks.fail("OUT_OF_RANGE", "A coupon can be used once or more often.", "usageLimit")


async def issue(
    shop: Shop, customer_id: str, terms: Terms, code: str | None, reason: str | None
) -> tuple[CustomerRow, str]:
    """Give a customer a coupon, with a code of the shop's own choice or a random one; the customer and its key. In this
    transaction. Raises Refused with NOT_FOUND, NO_COUPON_PROMOTION, PROMOTION_ENDED and CODE_TAKEN, and Malformed with
    INVALID_DATE."""
    customer = await moved_customer(shop, customer_id, "customerId")
    await _usable_promotion(shop, terms)
    if code is not None:
        await _refuse_taken(shop, [code], "code")
    length = shop.settings.of(RewardsSettings).code_length
    own = await _drawn(shop, 1, length, "") if code is None else {str(key_of_code(code)): code}
    [coupon_id] = await _keep(shop, terms, own, customer.id, None)
    if reason:
        await shop.database.defer([inserting("rewards_reason", _REASON, [(coupon_id, customer.id, reason)])])
    return customer, coupon_id


async def issue_many(shop: Shop, customer_id: str, terms: Terms, count: int) -> Sequence[str]:
    """Give a customer, whom nobody else moves in this transaction, so many coupons with random codes; their keys. Raises what
    `issue` raises, and Malformed with OUT_OF_RANGE."""
    if count > MAX_RANDOM:
        raise Malformed(Problem("OUT_OF_RANGE", f"At most {MAX_RANDOM} coupons at a time.", ("count",)))
    await _usable_promotion(shop, terms)
    codes = await _drawn(shop, count, shop.settings.of(RewardsSettings).code_length, "")
    return await _keep(shop, terms, codes, customer_id, None)


async def generate(
    shop: Shop,
    terms: Terms,
    *,
    codes: Sequence[str] | None = None,
    count: int = 0,
    length: int | None = None,
    prefix: str = "",
) -> str:
    """Make coupons that belong to nobody, with these codes or so many random ones, all or none; the key of their batch. In this
    transaction. Raises Refused with NOT_FOUND, NO_COUPON_PROMOTION, PROMOTION_ENDED, CODE_TAKEN and CODE_SPACE_TOO_SMALL, and
    Malformed with INVALID_DATE."""
    await _usable_promotion(shop, terms)
    if codes is None:
        symbols = length or shop.settings.of(RewardsSettings).code_length
        own = await _drawn(shop, count, symbols, prefix)
    else:
        await _refuse_taken(shop, codes, "codes", are_many=True)
        own = {str(key_of_code(code)): code for code in codes}
    batch_id = new_id()
    row = (batch_id, terms.promotion_id, len(own), now())
    await shop.database.defer([inserting("rewards_batch", _BATCH, [row])])
    await _keep(shop, terms, own, None, batch_id)
    return batch_id


async def generate_more(shop: Shop, terms: Terms, batch_id: str | None, count: int, length: int, prefix: str) -> str:
    """Add so many random codes to a batch, or begin one: in a transaction of its own, which makes all of them or none. Raises
    what `generate` raises."""

    async def work() -> str:
        await _usable_promotion(shop, terms)
        codes = await _drawn(shop, count, length, prefix)
        own = batch_id or new_id()
        if batch_id is None:
            row = (own, terms.promotion_id, len(codes), now())
            await insert(shop.database, "rewards_batch", _BATCH, [row])
        else:
            sql = "UPDATE rewards_batch SET coupon_count = coupon_count + $2 WHERE id = $1 AND revoked_at IS NULL"
            if not await shop.database.run(sql, own, len(codes)):
                raise Refused(Problem("NOT_FOUND", "There is no such batch that is not revoked.", ("batch",)))
        await _keep(shop, terms, codes, None, own)
        return own

    return await shop.database.transaction(work)


async def _usable_promotion(shop: Shop, terms: Terms) -> PromotionRow:
    promotion = (await promotions_by_ids(shop.database, [terms.promotion_id])).get(terms.promotion_id)
    if promotion is None:
        raise Refused(Problem("NOT_FOUND", "There is no promotion with this id.", ("promotionId",)))
    if not promotion.needs_coupon:
        message = "This promotion applies by itself; coupons are of those that need one."
        raise Refused(Problem("NO_COUPON_PROMOTION", message, ("promotionId",)))
    present = now()
    if promotion.ends_at <= present:
        raise Refused(Problem("PROMOTION_ENDED", "This promotion has ended.", ("promotionId",)))
    if terms.expires_at <= max(present, promotion.starts_at):
        message = "A coupon expires later than now, and than its promotion starts."
        raise Malformed(Problem("INVALID_DATE", message, ("expiresAt",)))
    return promotion


async def _refuse_taken(shop: Shop, codes: Sequence[str], path: str, *, are_many: bool = False) -> None:
    keys = [str(key_of_code(code)) for code in codes]
    taken, problems = await _taken(shop, keys), []
    for n, key in enumerate(keys):
        if key in taken or key in keys[:n]:
            message = "There is a coupon with this code already, or one that reads the same."
            problems.append(Problem("CODE_TAKEN", message, (path, str(n)) if are_many else (path,)))
    if problems:
        raise Refused(*problems)


async def _taken(shop: Shop, keys: Sequence[str]) -> set[str]:
    among = shop.database.dialect.among("key", 1, "text")
    rows = await shop.database.read(f"SELECT key FROM rewards_coupon WHERE {among}", sorted(keys))
    return {row[0] for row in rows}


async def _drawn(shop: Shop, count: int, length: int, prefix: str) -> dict[str, str]:
    """So many random codes that are nobody's, by what is compared of them; what somebody has already is drawn anew. How full
    their space is shows in that, so nobody has to count the codes that there are. Raises Refused with CODE_SPACE_TOO_SMALL where
    most are somebody's."""
    refuse_small_space(count, length)
    drawn: dict[str, str] = {}
    tried = hit = 0
    while len(drawn) < count:
        fresh = {key_of_random(code): code for code in random_codes(count - len(drawn), length, prefix)}
        taken = await _taken(shop, list(fresh))
        tried, hit = tried + len(fresh), hit + len(taken)
        if tried >= _TELLING and 2 * hit > tried:
            raise _too_small()
        drawn |= {key: code for key, code in fresh.items() if key not in taken}
    return drawn


_TELLING = 100
"""Draws that tell how full a space is."""


def refuse_small_space(count: int, length: int) -> None:
    """Raise Refused with CODE_SPACE_TOO_SMALL where so many codes are more than half of those of this length."""
    if not fits(length, count):
        raise _too_small()


def _too_small() -> Refused:
    message = (
        "More than half of the codes of this length would be used, so that they could be guessed: make them longer."
    )
    return Refused(Problem("CODE_SPACE_TOO_SMALL", message, ("count",)))


async def _keep(
    shop: Shop, terms: Terms, codes: Mapping[str, str], customer_id: str | None, batch_id: str | None
) -> Sequence[str]:
    """Write coupons down, of codes by what is compared of them, and tell of them; their keys."""
    present, name = now(), _actor()
    rows = [_row(new_id(), code, key, customer_id, batch_id, terms, present, name) for key, code in codes.items()]
    if len(rows) == 1:
        await shop.database.defer([inserting("rewards_coupon", COLUMNS, rows)])
    else:
        await insert(shop.database, "rewards_coupon", COLUMNS, rows)
    await _tell(shop, rows)
    return [row[0] for row in rows]


async def issue_as(shop: Shop, wanted: Sequence[tuple[str, str, Terms]]) -> None:
    """Give customers, whom nobody else moves in this transaction, coupons with random codes: (key, customer, terms) of each,
    whose promotions can be used. Nothing is looked up: where a code is somebody's already the transaction runs again with
    others."""
    codes = random_codes(len(wanted), shop.settings.of(RewardsSettings).code_length)
    present, name = now(), _actor()
    rows = [
        _row(id_, code, key_of_random(code), customer_id, None, terms, present, name)
        for (id_, customer_id, terms), code in zip(wanted, codes, strict=True)
    ]
    for n in range(0, len(rows), MIN_COPY_ROWS):
        part = rows[n : n + MIN_COPY_ROWS]
        sql, values = inserting("rewards_coupon", COLUMNS, part)
        await shop.database.defer([Guarded(f"{sql} ON CONFLICT (key) DO NOTHING", values, len(part))])
    await _tell(shop, rows)


def _actor() -> str | None:
    actor = acting()
    return actor.name if actor else None


def _row(
    id_: str,
    code: str,
    key: str,
    customer_id: str | None,
    batch_id: str | None,
    terms: Terms,
    present: Instant,
    actor: str | None,
) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return (
        id_, code, key, terms.promotion_id, customer_id, batch_id, present, terms.expires_at, terms.usage_limit, 0, 0, None,
        actor,
    )  # fmt: skip


async def _tell(shop: Shop, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows and shop.plugins.listens(ISSUED):
        values = ((*row[:2], *row[3:9], row[-1]) for row in rows)
        made = list(starmap(IssuedCoupon, values))
        await shop.plugins.announce(ISSUED, {"shop": shop, "coupons": made}, only=shop.told)
