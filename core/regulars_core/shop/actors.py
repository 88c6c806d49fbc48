"""Who asks, what they may do, and in which stores."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from regulars_core.shop.permissions import ADMINISTRATOR, CORE_ALONE, Permissions


@dataclass(frozen=True, slots=True)
class Binding:
    """A role in a scope: what it allows there, and the ids of the stores; None for the whole shop."""

    role: str
    permissions: frozenset[str]
    stores: frozenset[str] | None

    @classmethod
    def of(
        cls,
        known: Permissions,
        role: str,
        stores: Collection[str] | None = None,
        own: Collection[str] | None = None,
    ) -> Self:
        """A role in the box, or one of the shop's `own` with these permissions; in these stores, or the whole shop.

        What a role holds and the shop does not know is left out, and so is what is shop-wide in a binding to stores.
        """
        held = known.roles.get(role, frozenset()) if own is None else own
        scope = None if stores is None else frozenset(stores)
        return cls(role, known.counting(held, in_stores=scope is not None), scope)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever a request is made for. A permission counts inside the scope of its own binding only."""

    key_id: str
    name: str
    bindings: Sequence[Binding]

    @classmethod
    def of_role(cls, key_id: str, name: str, role: str, known: Permissions | None = None) -> Self:
        """Somebody with one role of the box in the whole shop; a role that nobody knows holds nothing."""
        return cls(key_id, name, (Binding.of(known or CORE_ALONE, role),))

    @property
    def roles(self) -> Sequence[str]:
        """The names of the roles, each once."""
        return list(dict.fromkeys(binding.role for binding in self.bindings))

    @property
    def permissions(self) -> frozenset[str]:
        """Everything that is allowed somewhere."""
        return frozenset[str]().union(*(binding.permissions for binding in self.bindings))

    @property
    def scope(self) -> frozenset[str] | None:
        """The stores of all bindings together; None where one is of the whole shop."""
        return _union(binding.stores for binding in self.bindings)

    def may(self, permission: str, store: str | None = None) -> bool:
        """Whether a permission is held at a store, or anywhere."""
        for binding in self.bindings:  # in a loop, as it is asked for each field
            if permission in binding.permissions and (
                store is None or binding.stores is None or store in binding.stores
            ):
                return True
        return False

    def stores(self, permission: str) -> frozenset[str] | None:
        """The stores where a permission is held: none at all, some, or None for every one."""
        return _union([binding.stores for binding in self.bindings if permission in binding.permissions])

    def covers(self, permission: str, stores: Collection[str] | None) -> bool:
        """Whether a permission is held in all of these stores, or in the whole shop for None."""
        held = self.stores(permission)
        return held is None or (self.may(permission) and stores is not None and held.issuperset(stores))

    def administers(self, stores: Collection[str] | None) -> bool:
        """Whether this is an administrator in all of these stores, or of the whole shop for None."""
        scopes = [binding.stores for binding in self.bindings if binding.role == ADMINISTRATOR]
        held = _union(scopes)
        return held is None or (bool(scopes) and stores is not None and held.issuperset(stores))


def _union(scopes: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    stores: frozenset[str] = frozenset()
    for scope in scopes:
        if scope is None:
            return None
        stores |= scope
    return stores


def operator(known: Permissions) -> Actor:
    """Whoever runs commands beside the database: holds everything, in the whole shop."""
    return Actor.of_role("operator", "command line", ADMINISTRATOR, known)
