"""A small shop: customers who have orders, which fall with them."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, SortTextField


class Customer(Model):
    id = IdField(primary_key=True)
    name = SortTextField(max_length=100, db_index=True)
    code = fields.CharField(max_length=20, unique=True)
    balance = MinorUnitsField(default=0, db_default=0)
    created_at = InstantField()
    active = fields.BooleanField(default=True, db_default=True)

    class Meta:
        table = "customer"


class Order(Model):
    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "shop.Customer", related_name=False, on_delete=fields.CASCADE
    )
    number = fields.IntField()
    quantity = QuantityField()
    token = fields.UUIDField(null=True)

    class Meta:
        table = "shop_order"
        unique_together = (("customer", "number"),)
