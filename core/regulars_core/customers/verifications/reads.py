"""Reading what was verified of customers, through the records that were merged into them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.reads import CustomerRow
from regulars_core.customers.verifications.subjects import AGE, OF_OWNERS, OWNER, holds
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.shop.shop import Shop


@dataclass(slots=True)
class VerificationRow:
    """Something that was looked at, and whether it holds today."""

    id: str
    subject: str
    is_passed: bool
    at: Instant
    valid_until: str | None
    document: str | None
    author: str
    is_valid: bool

    def __post_init__(self) -> None:
        self.is_passed, self.is_valid = bool(self.is_passed), bool(self.is_valid)


_COLUMNS = ", ".join(f"v.{name}" for name in VerificationRow.__slots__[:-1])


def _today(shop: Shop) -> str:
    return day_of(now(), shop.settings.zone).isoformat()


async def verifications_by_ids(shop: Shop, ids: Sequence[str]) -> Mapping[str, VerificationRow]:
    """Verifications by id; unknown ones are missing."""
    among = shop.database.dialect.among("v.id", 1)
    sql = f"SELECT {_COLUMNS}, CASE WHEN {holds('$2')} THEN 1 ELSE 0 END FROM {OF_OWNERS} WHERE {among}"
    return {row[0]: VerificationRow(*row) for row in await shop.database.rows(sql, list(ids), _today(shop))}


async def verifications_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, list[VerificationRow]]:
    """Each customer's verifications, the latest first; of a merged record those that were written of it."""
    keys = list(dict.fromkeys(customer_ids))
    owned, own = (shop.database.dialect.among(column, 1) for column in ("a.merged_into_id", "a.id"))
    records = f"SELECT a.id FROM customer a WHERE {own} UNION SELECT a.id FROM customer a WHERE {owned}"
    rows = await shop.database.rows(
        f"SELECT a.id, {OWNER}, {_COLUMNS}, CASE WHEN {holds('$2')} THEN 1 ELSE 0 END FROM {OF_OWNERS}"
        f" WHERE v.customer_id IN ({records}) ORDER BY v.at DESC, v.id DESC",
        keys,
        _today(shop),
    )
    found: dict[str, list[VerificationRow]] = {key: [] for key in keys}
    for record, owner, *columns in rows:
        row = VerificationRow(*columns)
        for key in {record, owner} & found.keys():
            found[key].append(row)
    return found


async def verifications_due(shop: Shop, customers: Sequence[CustomerRow]) -> Sequence[Sequence[str]]:
    """What the shop wants verified of each customer and does not hold: of a company no age, and nothing of who is gone."""
    wanted = [subject.upper() for subject in shop.settings.verifications]
    found = await verifications_of(shop, [one.id for one in customers]) if wanted and customers else {}
    due = []
    for one in customers:
        held = {row.subject for row in found.get(one.id, ()) if row.is_valid}
        missing = [name for name in wanted if name not in held and not (name == AGE and one.is_company)]
        due.append([] if one.is_gone else missing)
    return due
