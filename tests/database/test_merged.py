"""What several transactions may write together."""

from collections.abc import Sequence

import pytest

from regulars_core.database import Guarded, Write
from regulars_core.database.postgres.merged import parts_of

ONE = "INSERT INTO note (id, name) VALUES ($1, $2)"


@pytest.mark.parametrize(
    "writes",
    [
        [("UPDATE thing SET number = number + $2 WHERE name = $1", ("a", 1))],
        [("DELETE FROM thing WHERE name = $1", ("a",))],
        [(ONE, ("a", "b")), Guarded("UPDATE thing SET number = 1 WHERE name = ANY($1::text[])", [["a", "b"]], 2)],
        [Guarded("UPDATE thing t SET number = n.number FROM note n WHERE t.name = n.name AND n.name = $1", ["a"])],
        [("INSERT INTO thing (id, name) VALUES ($1, lower($2))", ("a", "b"))],
        [("INSERT INTO thing (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = $2", ("a", "b"))],
        [("INSERT INTO thing (id, name) SELECT $1, $2", ("a", "b"))],
        [("INSERT INTO thing (id, name) VALUES ($2, $1)", ("a", "b"))],
    ],
)
def test_what_could_get_lost_is_never_written_together(writes: Sequence[Write]) -> None:
    assert parts_of(writes) is None


def test_rows_of_one_table_are_of_one_kind() -> None:
    three = f"{ONE}, ($3, $4), ($5, $6)"
    [(part, rows)] = (parts_of([(ONE, (0, 1)), (three, range(2, 8))]) or {}).items()
    assert [tuple(row) for row in rows] == [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert part.sql == ONE
