"""What the database writes of a level, one statement at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.queries.json_rows import Subquery, written
from regulars_schema.executor.levels import Level
from regulars_schema.executor.plan import ExecutionField
from regulars_schema.executor.pushdown import MAX_MEMBERS, Pushdown
from regulars_schema.request.context import RequestContext


@dataclass(slots=True, eq=False)
class Statement:
    """One statement that writes fields of a level."""

    level: Level
    fields: list[ExecutionField] = field(default_factory=list)
    subqueries: list[Subquery] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    members: int = 0

    def has_room(self, pushdown: Pushdown) -> bool:
        """Whether it can write this field too."""
        return self.members + pushdown.size <= MAX_MEMBERS

    def take(self, pushdown: Pushdown, subquery: Subquery, values: Sequence[Any]) -> None:
        """Let it write this field too, by this subquery, whose relations were given these values."""
        self.fields.append(pushdown.field)
        self.subqueries.append(subquery)
        self.values += values
        self.members += pushdown.size

    async def texts(self, context: RequestContext) -> list[list[str]] | Exception:
        """A column of JSON text for each field; or what went wrong."""
        try:
            return await context.in_time(
                lambda: written(context.database, self.level.parents, self.subqueries, self.values)
            )
        except Exception as error:
            return error


def objects_in(text: str) -> int:
    """How many objects JSON text holds, if none is empty: each begins with `{"`. So may a string end, but there the
    quotation mark is followed by what cannot begin a name, or by nothing."""
    return text.count('{"') - text.count('{",') - text.count('{"}') - text.count('{"]') - text.endswith('{"')
