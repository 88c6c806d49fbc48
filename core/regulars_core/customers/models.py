"""The tables of customers and of what belongs to one."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, TextKeyField
from regulars_core.groups.models import CustomerGroup
from regulars_core.primitives.clock import NEVER
from regulars_core.shop.codes import CodeSeries
from regulars_core.stores.models import Store

_SIGNATURE = ("signature_low", "signature_high")
CUSTOMER_CODES = CodeSeries("CUST", "customer")
"""`CUST-00042`, or `CUST-S07-00042` for a customer from store S07."""


class Customer(Model):
    """A person or a company that buys. Where no first or last name is known it is empty. `company_key` and `tax_key` are the
    forms in which companies' names and tax ids are compared; a tax id may be sealed, and is compared by an HMAC then.
    `merged_into_id` is the customer into whom this record was merged, the last of them if that one was merged too: an alias never
    names another. An index has those of whom it is not null, another one everybody by birthday, without the year. What
    the customer is found by is told in short by the signature, see `regulars_core.customers.search.signatures`: an index has
    those of whom it is still to be written."""

    id = IdField(primary_key=True)
    code = TextKeyField(40, unique=True)
    first_name = fields.CharField(120)
    last_name = fields.CharField(120)
    company_name = fields.CharField(240, null=True)
    company_key = TextKeyField(300, null=True)
    is_company = fields.BooleanField(db_default=False)
    preferred_name = fields.CharField(240, null=True)
    sort_name = TextKeyField(300)
    email = TextKeyField(254, null=True)
    phone = TextKeyField(16, null=True)
    birth_date = TextKeyField(10, null=True)
    gender = fields.CharField(16, null=True)
    tax_id = fields.CharField(512, null=True)
    tax_key = TextKeyField(96, null=True)
    preferred_contact = fields.CharField(16, null=True)
    contact_frequency = fields.CharField(16, null=True)
    contact_time = fields.CharField(16, null=True)
    contact_checked_at = InstantField(null=True)
    status = fields.CharField(16)
    group: fields.ForeignKeyRelation[CustomerGroup] = fields.ForeignKeyField(
        "core.CustomerGroup", related_name=False, on_delete=fields.RESTRICT
    )
    origin_store: fields.ForeignKeyNullableRelation[Store] = fields.ForeignKeyField(
        "core.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    version = fields.IntField(default=1)
    created_at = InstantField()
    updated_at = InstantField()
    merged_into_id = IdField(null=True)
    signature_low = fields.BigIntField(db_default=-1)
    signature_high = fields.BigIntField(db_default=-1)

    class Meta:
        table = "customer"
        indexes: ClassVar = [
            Index(fields=("created_at", "id", *_SIGNATURE), name="customer_by_age"),
            Index(fields=("updated_at", "id"), name="customer_updated"),
            Index(fields=("contact_checked_at", "id"), name="customer_contact_checked"),
            Index(fields=("sort_name", "id", *_SIGNATURE), name="customer_by_name"),
            Index(fields=("email",), name="customer_email"),
            Index(fields=("phone",), name="customer_phone"),
            Index(fields=("tax_key",), name="customer_tax_id"),
            Index(fields=("company_key",), name="customer_company"),
            Index(fields=("birth_date", "sort_name"), name="customer_birth_and_name"),
            Index(fields=("group_id", "created_at", "id", *_SIGNATURE), name="customer_group_by_age"),
            Index(fields=("group_id", "sort_name", "id", *_SIGNATURE), name="customer_group_by_name"),
        ]


class CustomerStats(Model):
    """What a customer's purchases amount to; changed in their own transactions and provably equal to a recount.

    Off the customer's row, so that a purchase rewrites little. `NEVER` stands for a missing instant, since these columns
    are sort keys. `active_at` is the later of creation and last purchase. `merged_into_id` is the customer's own, here too: who
    sells to somebody who is merged meanwhile finds it where that is written. What `latest_at` and `regular_at` are is told in
    `regulars_core.purchases.regulars.latest`. One index has the `regular_at` of whom it is not NEVER, another what a purchase of
    each comes to on average.
    """

    customer: fields.OneToOneRelation[Customer] = fields.OneToOneField(
        "core.Customer", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    total_spent = MinorUnitsField(default=0)
    purchase_count = fields.IntField(default=0)
    first_purchase_at = InstantField(default=NEVER)
    last_purchase_at = InstantField(default=NEVER)
    active_at = InstantField()
    activity = fields.BigIntField(db_default=0)
    merged_into_id = IdField(null=True)
    latest_at = fields.TextField(db_default="")
    regular_at = InstantField(db_default=NEVER)

    class Meta:
        table = "customer_stats"
        indexes: ClassVar = [
            Index(fields=("total_spent", "customer_id"), name="stats_total_spent"),
            Index(fields=("purchase_count", "customer_id"), name="stats_purchase_count"),
            Index(fields=("last_purchase_at", "customer_id"), name="stats_last_purchase"),
            Index(fields=("active_at", "customer_id"), name="stats_active"),
        ]


class CustomerGroupChange(Model):
    """A customer came from one group into another. The database writes it, whoever changes the customer, so that the group at
    any instant of the past is known: that of the latest change until then, or else the one before the first change."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE, db_index=False
    )
    at = InstantField()
    before_id = IdField()
    after_id = IdField()

    class Meta:
        table = "customer_group_change"
        indexes: ClassVar = [Index(fields=("customer_id", "at", "number"), name="group_change_of_customer")]


class CustomerText(Model):
    """What a customer is found by: folded words, each with two spaces before it, so that a trigram index finds prefixes of
    one and two letters too. Names and contact stand apart, because not everybody may search both."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer: fields.OneToOneRelation[Customer] = fields.OneToOneField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    names = fields.TextField()
    contact = fields.TextField()

    class Meta:
        table = "customer_text"


class RecentText(Model):
    """A copy of the texts of the customers seen last, and when each was seen."""

    number = fields.BigIntField(primary_key=True, generated=True)
    customer: fields.OneToOneRelation[Customer] = fields.OneToOneField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    seen_at = InstantField()
    names = fields.TextField()
    contact = fields.TextField()

    class Meta:
        table = "recent_text"
        indexes: ClassVar = [Index(fields=("seen_at", "customer_id"), name="recent_text_order")]


class RecentTextSpan(Model):
    """One row: whoever was last seen from `since` to `until` is in RecentText. Nobody need be while `until` is NEVER."""

    number = fields.IntField(primary_key=True, generated=True)
    since = InstantField()
    until = InstantField()

    class Meta:
        table = "recent_text_span"


class NameSpelling(Model):
    """A word of the names of customers, under a key by which a mistyped word leads to it: the word itself, or the word with one
    letter covered by an asterisk. The database writes it."""

    number = fields.BigIntField(primary_key=True, generated=True)
    key = TextKeyField(32)
    word = TextKeyField(32)

    class Meta:
        table = "name_spelling"
        indexes: ClassVar = [
            Index(fields=("key", "word"), name="spelling_key"),
            Index(fields=("word",), name="spelling_word"),
        ]


class CustomerAddress(Model):
    """A postal address of a customer: one for billing and one for shipping at most."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    kind = fields.CharField(16)
    recipient = fields.CharField(240, null=True)
    line1 = fields.CharField(240, null=True)
    line2 = fields.CharField(240, null=True)
    city = fields.CharField(120, null=True)
    city_key = TextKeyField(160, null=True)
    region = fields.CharField(120, null=True)
    region_key = TextKeyField(160, null=True)
    postal_code = fields.CharField(32, null=True)
    postal_key = TextKeyField(64, null=True)
    country = fields.CharField(2, null=True)

    class Meta:
        table = "customer_address"
        unique_together = (("customer_id", "kind"),)
        indexes: ClassVar = [
            Index(fields=("city_key", "customer_id"), name="address_city"),
            Index(fields=("region_key", "customer_id"), name="address_region"),
            Index(fields=("postal_key", "customer_id"), name="address_postal_code"),
            Index(fields=("country", "customer_id"), name="address_country"),
        ]


class CustomerTag(Model):
    """A word that the team puts on a customer."""

    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    tag = fields.CharField(64)
    tag_key = TextKeyField(96)

    class Meta:
        table = "customer_tag"
        unique_together = (("customer_id", "tag_key"),)
        indexes: ClassVar = [Index(fields=("tag_key", "customer_id"), name="tag_customers")]


class CustomerNote(Model):
    """What the team wrote down about a customer; never shown to the customer. `urgency` is made of `priority` and `due_at`, so
    that an index has the order in which notes are to be seen to."""

    customer_id: str
    id = IdField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "core.Customer", related_name=False, on_delete=fields.CASCADE
    )
    body = fields.TextField()
    author = fields.CharField(120)
    created_at = InstantField()
    updated_at = InstantField()
    type = TextKeyField(12, db_default="NOTE")
    channel = TextKeyField(40, null=True)
    direction = fields.CharField(8, null=True)
    outcome = fields.CharField(240, null=True)
    topic = TextKeyField(64, null=True)
    assignee = TextKeyField(120, null=True)
    priority = fields.IntField(db_default=0)
    is_open = fields.BooleanField(db_default=False)
    due_at = InstantField(db_default=NEVER)
    done_at = InstantField(null=True)
    urgency = fields.BigIntField(db_default=0)
    version = fields.IntField(db_default=1)
    purchase_id = IdField(null=True)

    class Meta:
        table = "customer_note"
        indexes: ClassVar = [
            Index(fields=("customer_id", "created_at", "id"), name="note_of_customer"),
            # What is still to be done, in every order: few among many.
            Index(fields=("is_open", "created_at", "id"), name="note_open_by_age"),
            Index(fields=("is_open", "due_at", "id"), name="note_open_by_due"),
            Index(fields=("is_open", "urgency", "id"), name="note_open_by_urgency"),
            Index(fields=("assignee", "is_open", "due_at", "id"), name="note_of_assignee"),
            # Whatever was written, in every order, and what it was about.
            Index(fields=("created_at", "id"), name="note_by_age"),
            Index(fields=("due_at", "id"), name="note_by_due"),
            Index(fields=("urgency", "id"), name="note_by_urgency"),
            Index(fields=("type", "created_at", "id"), name="note_of_type"),
            Index(fields=("topic", "created_at", "id"), name="note_of_topic"),
            Index(fields=("channel", "created_at", "id"), name="note_of_channel"),
        ]


class CodeBlock(Model):
    """How far the customer codes of one prefix have been given out."""

    prefix = TextKeyField(40, primary_key=True)
    next_number = fields.BigIntField()

    class Meta:
        table = "code_block"
