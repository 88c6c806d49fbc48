"""How the function of a batched field is called for the parents of a level, whichever executor calls it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.exceptions import WrongNumberOfResultsReturned

from regulars_core.errors import Forbidden
from regulars_schema.context import Context

BatchFunction = Callable[..., Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class OncePerLevel:
    """A batch function, and the permission that a caller needs for it."""

    function: BatchFunction
    needs: str | None

    async def values(self, parents: list[Any], context: Context, arguments: dict[str, Any]) -> list[Any]:
        """One value for each parent, in order; a value may be an exception. Raises what the function raises."""
        if self.needs and not context.batch.actor.may(self.needs):
            return [Forbidden(self.needs, len(parents)), *([None] * (len(parents) - 1))]
        values = list(await self.function(parents, context.batch, **arguments))
        if len(values) != len(parents):
            raise WrongNumberOfResultsReturned(expected=len(parents), received=len(values))
        return values
