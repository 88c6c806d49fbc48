"""What a field's function may use while it answers a request."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from regulars_core.database import Database, unknown_outcome
from regulars_core.primitives.clock import Instant, printed
from regulars_core.primitives.errors import Forbidden, TimedOut
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

T = TypeVar("T")
BatchFunction = Callable[..., Awaitable[Sequence[Any]]]
"""A function over all parents of a level: `async def stats_of(customers, context, **arguments)`, one value for each."""


@dataclass
class RequestContext:
    """One call of a batch function: for whom, and in which shop."""

    shop: Shop
    actor: Actor
    request_id: str | None = None
    deadline: float | None = None
    """When the answer must be there, by the event loop's clock."""
    surcharge: Callable[[int], None] = lambda _: None
    """Takes what a request costs beyond its document, such as a code that was guessed, from what the caller may ask for later: so
    many objects."""
    anew: bool = False
    """Whether nothing will do that the process remembers: what was stored long ago must be held against what is so now."""
    after: str | None = None
    """A position in the primary's log: what the caller has seen or written by then a replica must have seen as well, if it is to
    answer. None: whatever has been committed by now."""
    audited: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """What was read and is to be written down in the audit: by permission and kind, the keys."""

    def note_read(self, permission: str, kind: str, keys: Iterable[str]) -> None:
        """Note that objects of a kind were read for the caller by a permission whose use is audited: that is written down once
        for the request, when all of its answer is known. Nothing is where nothing was read."""
        if found := dict.fromkeys(keys):
            self.audited.setdefault((permission, kind), {}).update(found)

    async def in_time(self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work answers. At the deadline it is cancelled, and the statement that it waits for with it; raises
        TimedOut then, and without beginning if the deadline is over."""
        if self.deadline is None:
            return await work()
        if asyncio.get_running_loop().time() >= self.deadline:
            raise TimedOut
        try:
            async with asyncio.timeout_at(self.deadline) as limit:
                return await work()
        except TimeoutError as error:
            if limit.expired():
                raise TimedOut(unknown=unknown_outcome(error)) from None
            raise

    def demand(self, permission: str | None, *, shop_wide: bool = False, otherwise: str | None = None) -> None:
        """Raise Forbidden if the caller holds a permission nowhere, or, where it must be held `shop_wide`, not for the whole
        shop; unless the caller holds another one that will do `otherwise`. None is everybody's."""
        if permission is None or (otherwise is not None and self.actor.may(otherwise)):
            return
        if shop_wide and not self.actor.covers(permission, None):
            raise Forbidden(permission, shop_wide=True)
        if not self.actor.may(permission):
            raise Forbidden(permission)

    @property
    def database(self) -> Database:
        """The shop's database."""
        return self.shop.database


@dataclass
class Refusal:
    """A field at one place of the document that was refused: to how many parents, and where to the first of them."""

    permission: str
    shop_wide: bool
    store: str | None
    path: list[str | int]
    nodes: Any
    count: int = 0


Asked = Callable[[], Set[str]]
"""The names of the fields that are asked of what a field answers."""
RootAnswer = Callable[["GraphQLContext", Any, str, dict[str, Any], Asked], Awaitable[Any]]
"""What a root field answers: to a request, in a composed schema, under a name, with these arguments, and with what is
asked of it."""


@dataclass
class GraphQLContext:
    """One request: what its batch functions get, and the loaders that gather the parents of a level."""

    request: RequestContext
    loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[tuple[str, ...], Refusal] = field(default_factory=dict)
    as_json: bool = False
    """Whether the answer will be written as JSON by orjson: then what the database wrote stays the text that it is."""
    reads_only: bool = False
    """Whether nothing but a query may be asked, as by a URL."""
    charge: Callable[[int], None] = lambda _: None
    """Takes the cost of a document from what the caller has left. Raises RateLimited."""
    cost: int | None = None
    """The objects that the document can answer, once that is known."""
    operation: tuple[str | None, tuple[str, ...]] = (None, ())
    """Kind and root fields of the operation, once it is known to be valid."""

    def refuse(self, permission: str, info: Any, *, shop_wide: bool = False, store: str | None = None) -> None:
        """Note that the field at hand is refused; it is null."""
        path = info.path.as_list()
        place = (permission, *(key for key in path if isinstance(key, str)))
        refusal = self.refusals.get(place)
        if refusal is None:
            refusal = self.refusals[place] = Refusal(permission, shop_wide, store, path, info.field_nodes)
        refusal.count += 1

    @property
    def extensions(self) -> dict[str, Any]:
        """What the answer says of itself beside data and errors."""
        if not self.keys:
            return {}
        first = next(iter(self.keys.values()))
        return {"idempotency": first if len(self.keys) == 1 else {**first, "fields": self.keys}}

    def note_key(self, place: str, replayed: bool, first_at: Instant) -> None:
        """Note that a mutation was sent under a key, at this place of the answer."""
        self.keys[place] = {"replayed": replayed, "firstAt": printed(first_at)}

    def forget(self) -> None:
        """Start with fresh loaders, because what they remember may have changed."""
        self.loaders = {}
