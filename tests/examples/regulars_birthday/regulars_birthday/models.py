"""How often each customer was greeted, and when the shop wants to be reminded."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.plugin import IdField, TextKeyField


class Greeting(Model):
    """A customer's greetings; `last_day` is the day of the latest, `YYYY-MM-DD`, or empty."""

    customer_id = IdField(primary_key=True)
    count = fields.IntField()
    last_day = TextKeyField(10)

    class Meta:
        table = "birthday_greeting"


class Reminder(Model):
    """How many days before a customer's birthday to remind, where that is not what the shop does for everybody."""

    customer_id = IdField(primary_key=True)
    days_before = fields.IntField()

    class Meta:
        table = "birthday_reminder"
