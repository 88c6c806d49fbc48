"""What can be allowed, and the roles in the box.

A plugin declares its permissions the way core's are written here. Nothing is global: each shop has its own `Permissions`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import CORE, Owners, PluginError

ADMINISTRATOR = "administrator"
"""Holds every permission there is, plugins' included."""
BOX_ROLES = ("store_terminal", "cashier", "store_manager", "marketing", "support", "accountant", ADMINISTRATOR)
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that can be allowed: a dotted name, what it allows, and the roles in the box that hold it.

    The administrator holds it in any case. One that is `shop_wide` is about what all stores share, and counts only where a
    key is bound to the whole shop.
    """

    name: str
    description: str
    roles: Sequence[str] = ()
    shop_wide: bool = False


_EVERYBODY = ("store_terminal", "cashier", "store_manager", "marketing", "support", "accountant")
_STAFF = ("cashier", "store_manager", "support")
_WHOLE = " In the whole shop only."

CORE_PERMISSIONS: Sequence[Permission] = (
    Permission("customers.view", "See customers: name, code, group, status.", _EVERYBODY),
    Permission(
        "customers.view_pii",
        "See what is personal: contact, addresses, birth date, notes.",
        (*_STAFF, "marketing"),
    ),
    Permission(
        "customers.view_sensitive",
        "See what is sensitive: the tax id, attributes that are declared so.",
        ("accountant",),
    ),
    Permission(
        "customers.totals",
        "See what a customer's purchases amount to in the whole shop, whatever stores the key is bound to.",
        (*_STAFF, "marketing", "accountant"),
    ),
    Permission(
        "customers.create",
        "Register customers, and find out by a whole e-mail address or phone number whether somebody has it already.",
        ("store_terminal", *_STAFF),
    ),
    Permission("customers.edit", "Change customers.", _STAFF),
    Permission(
        "customers.deactivate", "Put customers away, suspend them and bring them back.", ("store_manager", "support")
    ),
    Permission(
        "segments.manage",
        "Keep conditions on customers as segments, change and remove them." + _WHOLE,
        ("marketing",),
        shop_wide=True,
    ),
    Permission("customers.merge", "Make two customers one." + _WHOLE, ("support",), shop_wide=True),
    Permission("customers.delete", "Delete customers that nothing refers to." + _WHOLE, shop_wide=True),
    Permission("customers.erase", "Erase what is personal of a customer." + _WHOLE, shop_wide=True),
    Permission("customers.export", "Take customers out in files.", ("store_manager", "marketing", "accountant")),
    Permission("attributes.manage", "Declare attributes of customers." + _WHOLE, shop_wide=True),
    Permission("imports.run", "Bring customers and purchases in by files." + _WHOLE, shop_wide=True),
    Permission("groups.view", "See groups of customers.", _EVERYBODY),
    Permission(
        "groups.manage",
        "Make, change and remove groups of customers." + _WHOLE,
        ("store_manager", "marketing"),
        shop_wide=True,
    ),
    Permission("notes.view", "Read the team's notes.", _STAFF),
    Permission("notes.edit", "Write, rewrite and delete notes.", _STAFF),
    Permission(
        "consents.view", "See what customers agreed to and refused, and find those who agree.", (*_STAFF, "marketing")
    ),
    Permission("consents.record", "Write down what customers agree to and refuse.", ("store_terminal", *_STAFF)),
    Permission("corrections.request", "Ask that something about a customer be corrected.", _EVERYBODY),
    Permission("purchases.view", "See purchases and what they amount to.", _EVERYBODY),
    Permission("purchases.record", "Record purchases.", ("store_terminal", "cashier", "store_manager")),
    Permission(
        "purchases.edit",
        "Change what was written down about a sale, and give it to another customer.",
        ("store_manager", "support"),
    ),
    Permission(
        "purchases.refund",
        "Give money back, for goods that are exchanged too, and void purchases.",
        ("cashier", "store_manager"),
    ),
    Permission(
        "receipts.view",
        "See what is printed on receipts: name, tax id and address as they were. Who sees it is written down.",
        ("store_terminal", *_STAFF, "accountant"),
    ),
    Permission("stores.view", "See the stores.", _EVERYBODY),
    Permission("stores.manage", "Open, change and close stores." + _WHOLE, shop_wide=True),
    Permission("audit.view", "See who did what." + _WHOLE, ("accountant",), shop_wide=True),
    Permission("keys.manage", "Make and revoke API keys, and make and change roles." + _WHOLE, shop_wide=True),
    Permission("schema.introspect", "Read the schema."),
    Permission("metrics.view", "Read the figures of the server." + _WHOLE, shop_wide=True),
)


class Permissions:
    """Every permission of one shop, and what each role in the box holds."""

    def __init__(self, declared: Mapping[str, Sequence[Permission]]) -> None:
        """`declared` is what core and plugins bring, by owner. Raises PluginError for what two owners define, for a role that is
        not in the box, and for what is no permission."""
        self.all: dict[str, Permission] = {}
        self.owners: dict[str, str] = {}
        owners = Owners()
        for owner, permissions in declared.items():
            for permission in permissions:
                _check(owner, permission)
                owners.claim(permission.name, owner, f"The permission '{permission.name}'")
                self.all[permission.name] = permission
                self.owners[permission.name] = owner
        self.roles: Mapping[str, frozenset[str]] = {
            role: frozenset(one.name for one in self.all.values() if role == ADMINISTRATOR or role in one.roles)
            for role in BOX_ROLES
        }

    @classmethod
    def of(cls, plugins: Plugins) -> "Permissions":
        """Core's and those that plugins declare. Raises PluginError."""
        return cls(plugins.declared("regulars_permissions"))

    def counting(self, names: Iterable[str], *, in_stores: bool) -> frozenset[str]:
        """Those of the names that are permissions and count in a binding of the whole shop, or only `in_stores`."""
        known = (self.all[name] for name in names if name in self.all)
        return frozenset(one.name for one in known if not (in_stores and one.shop_wide))


def _check(owner: str, permission: object) -> None:
    if not isinstance(permission, Permission):
        raise PluginError(f"The plugin '{owner}' must answer regulars_permissions with Permissions.")
    if not _NAME.fullmatch(permission.name) or len(permission.name) > _MAX_NAME:
        raise PluginError(
            f"'{permission.name}' of the plugin '{owner}' is no name for a permission; write `{owner}.view`."
        )
    if unknown := [role for role in permission.roles if role not in BOX_ROLES]:
        raise PluginError(
            f"The permission '{permission.name}' of the plugin '{owner}' names the role '{unknown[0]}'; there are:"
            f" {', '.join(BOX_ROLES)}."
        )


CORE_ALONE = Permissions({CORE: CORE_PERMISSIONS})
"""What there is to allow where no plugin is on."""
PERMISSIONS: Mapping[str, Permission] = CORE_ALONE.all
"""Core's own permissions, by name."""
ROLES: Mapping[str, frozenset[str]] = CORE_ALONE.roles
"""What the roles in the box hold of core's own permissions."""
