"""How often each customer was greeted."""

from tortoise import fields
from tortoise.models import Model

from regulars_core.database.fields import IdField, TextKeyField


class Greeting(Model):
    """A customer's greetings; `last_day` is the day of the latest, `YYYY-MM-DD`, or empty."""

    customer_id = IdField(primary_key=True)
    count = fields.IntField()
    last_day = TextKeyField(10)

    class Meta:
        table = "birthday_greeting"
