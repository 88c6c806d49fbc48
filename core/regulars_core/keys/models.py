"""The tables of keys and roles."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, TextKeyField
from regulars_core.stores.models import Store


class ApiKey(Model):
    """A credential of a program; the secret itself is shown once and never kept. `expires_at` is when it ends by itself,
    `last_used_at` when it was last used, to the minute."""

    id = TextKeyField(12, primary_key=True)
    name = fields.CharField(120)
    secret_sha256 = fields.CharField(64)
    created_at = InstantField()
    revoked_at = InstantField(null=True)
    expires_at = InstantField(null=True)
    last_used_at = InstantField(null=True)

    class Meta:
        table = "api_key"


class KeyBinding(Model):
    """A role that a key has, in one store or, without a store, in the whole shop."""

    id = IdField(primary_key=True)
    key: fields.ForeignKeyRelation[ApiKey] = fields.ForeignKeyField(
        "core.ApiKey", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    role = TextKeyField(40, db_index=True)
    store: fields.ForeignKeyNullableRelation[Store] = fields.ForeignKeyField(
        "core.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "key_binding"


class Role(Model):
    """A role that the shop has made itself. `permissions` is a JSON list of names."""

    name = TextKeyField(40, primary_key=True)
    permissions = fields.TextField()

    class Meta:
        table = "role"
