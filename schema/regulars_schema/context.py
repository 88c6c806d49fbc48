"""What a field's function may use while it answers a request."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry.dataloader import DataLoader

from regulars_core.actors import Actor
from regulars_core.clock import Instant, printed
from regulars_core.database import Database
from regulars_core.errors import Forbidden
from regulars_core.shop import Shop

BatchFunction = Callable[..., Awaitable[Sequence[Any]]]
"""A function over all parents of a level: `async def stats_of(customers, batch, **arguments)`, one value for each."""


@dataclass
class Batch:
    """One call of a batch function: for whom, and in which shop."""

    shop: Shop
    actor: Actor
    request_id: str | None = None

    def demand(self, permission: str | None) -> None:
        """Raise Forbidden if the caller lacks a permission; None is everybody's."""
        if permission is not None and not self.actor.may(permission):
            raise Forbidden(permission)

    @property
    def database(self) -> Database:
        """The shop's database."""
        return self.shop.database


@dataclass
class Refusal:
    """A field at one place of the document that was refused: to how many parents, and where to the first of them."""

    permission: str
    path: list[str | int]
    nodes: Any
    count: int = 0


@dataclass
class Context:
    """One request: what its batch functions get, and the loaders that gather the parents of a level."""

    batch: Batch
    loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[tuple[str, ...], Refusal] = field(default_factory=dict)

    def refuse(self, permission: str, info: Any) -> None:
        """Note that the field at hand is refused; it is null."""
        path = info.path.as_list()
        place = (permission, *(key for key in path if isinstance(key, str)))
        refusal = self.refusals.get(place)
        if refusal is None:
            refusal = self.refusals[place] = Refusal(permission, path, info.field_nodes)
        refusal.count += 1

    @property
    def extensions(self) -> dict[str, Any]:
        """What the answer says of itself beside data and errors."""
        if not self.keys:
            return {}
        first = next(iter(self.keys.values()))
        return {"idempotency": first if len(self.keys) == 1 else {**first, "fields": self.keys}}

    def keyed(self, place: str, replayed: bool, first_at: Instant) -> None:
        """Note that a mutation was sent under a key, at this place of the answer."""
        self.keys[place] = {"replayed": replayed, "firstAt": printed(first_at)}

    def forget(self) -> None:
        """Start with fresh loaders, because what they remember may have changed."""
        self.loaders = {}
