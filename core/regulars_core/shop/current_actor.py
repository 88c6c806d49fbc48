"""Who is doing what is being done: known to services and plugins without being handed from one to the next."""

from contextvars import ContextVar

from regulars_core.primitives.scoped import Scoped
from regulars_core.shop.actors import Actor

_acting: ContextVar[Actor | None] = ContextVar("regulars_acting", default=None)


def acting() -> Actor | None:
    """Whoever the request or command is made for; None where time does something, or a plugin is told later of what it missed."""
    return _acting.get()


def acting_as(actor: Actor | None) -> Scoped[Actor | None]:
    """Inside, and in tasks started inside, this is who does it."""
    return Scoped(_acting, actor)
