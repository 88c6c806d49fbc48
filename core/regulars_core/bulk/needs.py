"""What it takes to have what a job makes, from when it is asked for until it is fetched."""

from collections.abc import Iterable, Mapping, Sequence

from regulars_core.shop.actors import Actor

Needs = Mapping[str, Sequence[str] | None]
"""By permission, the stores in which it was held when the job was asked for; None for the whole shop."""


def needs_of(actor: Actor, permissions: Iterable[str]) -> Needs:
    """These permissions, in the stores where somebody holds them now."""
    stores = {permission: actor.stores(permission) for permission in sorted(set(permissions))}
    return {permission: None if held is None else sorted(held) for permission, held in stores.items()}


def lacking(actor: Actor | None, needs: Needs) -> str | None:
    """The first permission that is not held any more where it was; None where all of them are. Who is nobody any more lacks
    whatever is needed."""
    for permission, stores in needs.items():
        if actor is None or not actor.covers(permission, stores):
            return permission
    return None
