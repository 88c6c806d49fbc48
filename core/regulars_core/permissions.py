"""What can be allowed, and the roles in the box. An administrator may do everything, plugins' permissions included."""

from collections.abc import Mapping

PERMISSIONS: Mapping[str, str] = {
    "customers.view": "See customers: name, code, group, status.",
    "customers.view_pii": "See what is personal: contact, addresses, birth date, notes.",
    "customers.view_sensitive": "See what is sensitive: the tax id.",
    "customers.create": "Register customers.",
    "customers.edit": "Change customers.",
    "customers.deactivate": "Put customers away, suspend them and bring them back.",
    "customers.merge": "Make two customers one.",
    "customers.delete": "Delete customers that nothing refers to.",
    "customers.erase": "Erase what is personal of a customer.",
    "customers.export": "Take customers out in files.",
    "groups.view": "See groups of customers.",
    "groups.manage": "Make, change and remove groups of customers.",
    "notes.view": "Read the team's notes.",
    "notes.edit": "Write, rewrite and delete notes.",
    "purchases.view": "See purchases and what they amount to.",
    "purchases.record": "Record purchases.",
    "purchases.refund": "Give money back, and void purchases.",
    "consents.view": "See what customers agreed to.",
    "consents.record": "Write down what customers agree to.",
    "segments.manage": "Make, change and remove segments.",
    "stores.view": "See the stores.",
    "stores.manage": "Open, change and close stores.",
    "audit.view": "See who did what.",
    "keys.manage": "Make and revoke API keys.",
    "schema.introspect": "Read the schema.",
    "metrics.view": "Read the figures of the server.",
}

ADMINISTRATOR = "administrator"

_TILL = frozenset({"customers.view", "groups.view", "stores.view", "purchases.view", "purchases.record"})
_CASHIER = _TILL | {"customers.view_pii", "customers.create", "customers.edit", "consents.view", "consents.record"}
ROLES: Mapping[str, frozenset[str]] = {
    "store_terminal": _TILL | {"customers.create"},
    "cashier": _CASHIER,
    "store_manager": _CASHIER
    | {"customers.deactivate", "groups.manage", "notes.view", "notes.edit", "purchases.refund", "customers.export"},
    "marketing": frozenset(
        {"customers.view", "customers.view_pii", "groups.view", "groups.manage", "stores.view", "purchases.view",
         "consents.view", "segments.manage", "customers.export"}
    ),
    "support": _CASHIER - {"purchases.record"} | {"customers.merge", "notes.view", "notes.edit", "customers.deactivate"},
    "accountant": frozenset(
        {"customers.view", "customers.view_sensitive", "groups.view", "stores.view", "purchases.view", "audit.view",
         "customers.export"}
    ),
    ADMINISTRATOR: frozenset(PERMISSIONS),
}  # fmt: skip


def may(role: str, permission: str) -> bool:
    """Whether a role holds a permission; a role that nobody knows holds none."""
    return role == ADMINISTRATOR or permission in ROLES.get(role, frozenset())
