"""The statements that claim uses and give them back, each only where what was decided by still holds."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.plugin import Dialect, Guarded, Instant, Precondition, inserting, now
from regulars_rewards.uses.rows import COLUMNS, UseRow

_LASTING = frozenset({"id", "promotion_id", "coupon_id", "created_at", "sharing"})
RUN_OUT = "released_at IS NULL AND redeemed_at IS NULL AND reserved_until <= $2"
RESERVED = "released_at IS NULL AND redeemed_at IS NULL"
REDEEMED = "released_at IS NULL AND redeemed_at IS NOT NULL"
"""How a use was found that is given back."""
Freed = tuple[UseRow, str, Instant]
"""What is given back, how it was found, and when."""


def decided_by(engine: str, versions: Mapping[str, int]) -> list[Precondition]:
    """That the promotions are still what was decided by, so that no limit that is introduced misses a use. They stay so until
    the end of the transaction, and do not keep others from using them."""
    if not versions:
        return []
    pairs = sorted(versions.items())
    each = " OR ".join(f"id = ${2 * n + 1} AND version = ${2 * n + 2}" for n in range(len(pairs)))
    share = " FOR SHARE" if engine == "postgres" else ""
    sql = f"(SELECT count(*) FROM (SELECT 1 FROM rewards_promotion WHERE {each} ORDER BY id{share}) x) = {len(pairs)}"
    return [Precondition(sql, [value for pair in pairs for value in pair])]


def unrevoked(engine: str, coupon_ids: Collection[str]) -> Precondition:
    """That no batch of these coupons is revoked before the transaction ends."""
    ids = sorted(coupon_ids)
    places = ", ".join(f"${n + 1}" for n in range(len(ids)))
    share = " FOR SHARE" if engine == "postgres" else ""
    return Precondition(
        "(SELECT count(*) FROM (SELECT revoked_at FROM rewards_batch WHERE id IN (SELECT batch_id FROM rewards_coupon"
        f" WHERE id IN ({places})) ORDER BY id{share}) x WHERE revoked_at IS NOT NULL) = 0",
        ids,
    )


def counting(
    engine: str,
    table: str,
    key: str,
    columns: tuple[str, str],
    figures: Mapping[str, tuple[int, int]],
    fits: str | None = None,
) -> tuple[str, list[Any]]:
    """Add to two columns of some rows, each row by its own figures, only where they fit. Rows are locked in order."""
    values: list[Any] = []
    by_row: tuple[list[str], list[str]] = ([], [])
    for id_, pair in sorted(figures.items()):
        values.append(id_)
        place = len(values)
        for cases, figure in zip(by_row, pair, strict=True):
            values.append(figure)
            cases.append(f"WHEN {key} = ${place} THEN CAST(${len(values)} AS BIGINT)")
    places = ", ".join(f"${3 * n + 1}" for n in range(len(figures)))
    first, second = (f"(CASE {' '.join(cases)} END)" for cases in by_row)
    rows = f"{key} IN ({places})"
    if engine == "postgres" and len(figures) > 1:
        rows = f"{key} IN (SELECT {key} FROM {table} WHERE {rows} ORDER BY {key} FOR NO KEY UPDATE)"
    sets = f"{columns[0]} = {columns[0]} + {first}, {columns[1]} = {columns[1]} + {second}"
    condition = "" if fits is None else f" AND {fits.format(first, second)}"
    return f"UPDATE {table} SET {sets} WHERE {rows}{condition}", values


def takings_over(taken_over: Sequence[UseRow]) -> list[Guarded]:
    """What was reserved and is renewed or redeemed, if it still stands."""
    if not taken_over:
        return []
    sql, values = inserting("rewards_use", COLUMNS, [values_of_use(row) for row in taken_over])
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in _LASTING)
    stands = "rewards_use.redeemed_at IS NULL AND rewards_use.released_at IS NULL"
    return [Guarded(f"{sql} ON CONFLICT (id) DO UPDATE SET {sets} WHERE {stands}", values, len(taken_over))]


def releases(dialect: Dialect, freed: Sequence[Freed], shared: Mapping[str, int]) -> list[Guarded]:
    """Those that are given back, each as it was found."""
    by_kind: dict[tuple[str, Instant | None, int | None], list[str]] = {}
    for row, how, freed_at in freed:
        at = None if how is RUN_OUT else freed_at
        by_kind.setdefault((how, at, shared.get(row.id)), []).append(row.id)
    among = dialect.among("id", 1)
    writes = []
    for (how, at, sharing), ids in by_kind.items():
        when = "reserved_until" if at is None else "$2"
        bump, seen = ("", "") if sharing is None else (", sharing = sharing + 1", " AND sharing = $3")
        sql = f"UPDATE rewards_use SET released_at = {when}, reserved_until = NULL{bump} WHERE {among} AND {how}{seen}"
        values = [sorted(ids), now() if at is None else at]
        writes.append(Guarded(sql, values if sharing is None else [*values, sharing], len(ids)))
    return writes


def returns(back: Sequence[UseRow], shared: Mapping[str, int]) -> list[Guarded]:
    """Those that stand again."""
    return [
        Guarded(
            "UPDATE rewards_use SET released_at = NULL, is_counted = $2, sharing = sharing + $3 WHERE id = $1"
            " AND released_at IS NOT NULL AND ($3 = 0 OR sharing = $4)",
            [row.id, row.is_counted, int(row.id in shared), shared.get(row.id, 0)],
        )
        for row in back
    ]


def sharings(written: Collection[str], shared: Mapping[str, int]) -> list[Guarded]:
    """That nobody else has come or gone meanwhile of those that stand for the same use, by the row of the first of them.
    Where that row is written itself, it says so itself."""
    return [
        Guarded("UPDATE rewards_use SET sharing = sharing + 1 WHERE id = $1 AND sharing = $2", [id_, sharing])
        for id_, sharing in sorted(shared.items())
        if id_ not in written
    ]


def values_of_use(row: UseRow) -> list[Any]:
    """The values of COLUMNS."""
    return [getattr(row, name) for name in COLUMNS]
