"""What plugins declare: each hook is called when the application is put together."""

from collections.abc import Sequence
from typing import Any

from regulars_core.audiences.leaves import AudienceLeaf
from regulars_core.bulk.tasks import BulkTask
from regulars_core.customers.erasure.claims import Claim
from regulars_core.database import App
from regulars_core.exports.columns import ExportColumn, ExportColumns
from regulars_core.health import Look
from regulars_core.jobs.jobs import Job
from regulars_core.plugins.host import hookspec
from regulars_core.plugins.order import PluginOrder
from regulars_core.rules.kinds import RuleKind
from regulars_core.shop.permissions import Permission
from regulars_core.verification import Verification


@hookspec
def regulars_order() -> PluginOrder:  # type: ignore[empty-body]
    """Which other plugins this one needs, and whom it wants to be told after, by their names.

    It cannot be on without those that it `requires`, and is told of every event after them; after those in `after`, too, where
    they are on. What is missing and what goes round in a circle stops the start.

    For example:

        @hookimpl
        def regulars_order() -> PluginOrder:
            return PluginOrder(after=["tiers"])  # whoever gets a card with a tier gets it before the greeting
    """


@hookspec
def regulars_rules() -> Sequence[RuleKind]:  # type: ignore[empty-body]
    """Kinds of rules that shops may set: each is of the class that the use it is for has, such as tiers' `CriterionKind`.

    Names are in capitals, and settings frozen; what could not be listed stops the start.

    Rules are stored as data; one whose plugin is off is kept, and shown as unavailable. Try the laws on a kind with
    `regulars_core.testing.try_laws`.

    For example:

        @hookimpl
        def regulars_rules() -> Sequence[RuleKind]:
            return [CriterionKind("BIRTHDAYS", NoSettings, "Birthdays with a purchase", birthdays)]
    """


@hookspec
def regulars_audiences() -> Sequence[AudienceLeaf]:  # type: ignore[empty-body]
    """Leaves of `CustomerWhere` that can be answered for a past instant, so that audiences of rules may use them.

    Each has the name of the plugin's own filter leaf, and means as of now what that means. What it looks at is named from
    customers and instants alone, before a purchase is recorded; leaves that look at the same share it. A leaf is false for whom
    nothing is known of. An audience whose leaf is not there, since its plugin is off, is for nobody.

    For example:

        GREETED = AudienceFacts([lookup_greetings], greetings_before)  # a query, and {(customer, instant): how many}


        def compares(shop: Shop, comparison: Mapping[str, Any]) -> Holds:
            return lambda greetings, at: greetings >= comparison["gte"]


        @hookimpl
        def regulars_audiences() -> Sequence[AudienceLeaf]:
            return [AudienceLeaf("greetings", GREETED, compares)]
    """


@hookspec
def regulars_settings() -> type[Any]:  # type: ignore[empty-body]
    """What a shop may decide about the plugin: a pydantic model, whose fields become `REGULARS_<PLUGIN>_<FIELD>`.

    Read with `shop.settings.of(TheModel)`. Values come as text; a field that is a list splits its text in a validator.

    For example:

        class BirthdaySettings(BaseModel):
            days_ahead: int = Field(7, ge=0, description="How many days before a birthday to get ready.")


        @hookimpl
        def regulars_settings() -> type[BirthdaySettings]:
            return BirthdaySettings
    """


@hookspec
def regulars_models() -> App:  # type: ignore[empty-body]
    """The plugin's own tables: one Tortoise app, labelled with the plugin's name, whose migrations `regulars migrate` runs.

    For example:

        @hookimpl
        def regulars_models() -> App:
            return App("birthday", "regulars_birthday.models", "regulars_birthday.migrations")
    """


@hookspec
def regulars_schema() -> Any:
    """What the plugin adds to the GraphQL schema: a `regulars_schema.plugin.Contribution` under its own name.

    Fields and mutations, types, filter leaves, sort keys, node kinds, vocabularies, breakdowns, error types, and fields of the
    open inputs: `CustomerCreateInput`, `CustomerUpdateInput`, `CustomerGroupCreateInput`, `CustomerGroupUpdateInput`,
    `PurchaseRecordInput`, `PurchaseLineInput` and `PaymentInput`. A field of an input may always be absent, so that clients go on
    that know nothing of the plugin; it counts under an idempotency key, and arrives among the `extras` of the event. A mutation
    of core's that the plugin refuses lists the plugin's codes too, as far as it names them. A name that somebody else has taken
    stops the start, and both owners are named.

    For example:

        REMIND = InputField(CustomerCreateInput, "remindDaysBefore", int, "How many days before the birthday to remind.")


        @hookimpl
        def regulars_schema() -> Contribution:
            return Contribution("birthday", extensions=[Extension(Customer, [GREETINGS])], inputs=[REMIND])
    """


@hookspec
def regulars_permissions() -> Sequence[Permission]:  # type: ignore[empty-body]
    """Permissions of the plugin's own: dotted names, each with the roles in the box that hold it.

    Administrators hold them all, and a shop's own roles can. Whatever a field, filter or kind of object `needs` must be
    declared here, or in core. One that is `shop_wide` does not count for keys that are bound to stores.

    For example:

        @hookimpl
        def regulars_permissions() -> Sequence[Permission]:
            return [Permission("birthday.greet", "Greet customers.", roles=("cashier", "store_manager"))]
    """


@hookspec
def regulars_jobs() -> Sequence[Job]:  # type: ignore[empty-body]
    """Periodic work of the plugin's own, each job run once in its period however many processes there are.

    It may be cancelled at any await, and is run again then; so it goes by what is in the database.

    For example:

        @hookimpl
        def regulars_jobs() -> Sequence[Job]:
            return [Job("greet", "Greets whose birthday it is.", 3_600, greet)]
    """


@hookspec
def regulars_bulk_tasks() -> Sequence[BulkTask]:  # type: ignore[empty-body]
    """Work of the plugin's own that takes longer than an answer, and is done behind it in batches.

    A mutation asks for it by `request_bulk_job`, and answers the job, which tells how far it is and can be cancelled. Names are
    in capitals and begin with the plugin's.

    For example:

        async def greet_some(shop: Shop, batch: BulkBatch) -> BulkStep:
            greeted = await greet_next(shop, after=batch.place or "", most=batch.most)
            return BulkStep(greeted[-1] if greeted else None, len(greeted), {"changed": len(greeted)})


        @hookimpl
        def regulars_bulk_tasks() -> Sequence[BulkTask]:
            return [BulkTask("BIRTHDAY_GREET", "Greets everybody.", greet_some)]
    """


@hookspec
def regulars_export_columns() -> Sequence[ExportColumn | ExportColumns]:  # type: ignore[empty-body]
    """Columns that customers, or purchases, can be exported with, by command and over the API.

    A column is asked for the cells of some hundred rows at once, and reads what it needs in one statement. What an import reads
    has the same name there; one that no file can set is passed over by imports. `ExportColumns` are those that only the
    database knows, such as one for each thing that the shop has declared.

    For example:

        async def greeted(batch: ExportBatch) -> Sequence[Cell]:
            times = await greetings_of(batch.shop, batch.ids)
            return [times.get(customer.id, 0) for customer in batch.rows]


        @hookimpl
        def regulars_export_columns() -> Sequence[ExportColumn | ExportColumns]:
            return [ExportColumn("greeted", "Times greeted", greeted)]
    """


@hookspec
def regulars_commands() -> Any:
    """Commands of the plugin's own, as a `typer.Typer`; they hang under `regulars <plugin>`.

    For example:

        commands = typer.Typer(help="Birthdays.", no_args_is_help=True)


        @commands.command()
        def count() -> None:
            typer.echo(in_shop(count_greetings))  # regulars_core.shop.commands.in_shop opens the shop and closes it


        @hookimpl
        def regulars_commands() -> typer.Typer:
            return commands
    """


@hookspec
def regulars_hookspecs() -> Any:
    """Hooks that the plugin itself offers to others: a module of functions under `@hookspec`.

    Their names begin with the plugin's. Others implement them with `@hookimpl(optionalhook=True)`, so that they can be on
    without it.

    For example:

        @hookimpl
        def regulars_hookspecs() -> ModuleType:
            return hookspecs  # async def birthday_greeted(shop: Shop, greetings: Sequence[Greeting]) -> None: ...
    """


@hookspec
def regulars_verifications() -> Sequence[Verification]:  # type: ignore[empty-body]
    """What the plugin stores twice, and how each is counted again.

    `regulars verify` prints whatever differs, and `regulars doctor` what a `quick` one finds.

    For example:

        @hookimpl
        def regulars_verifications() -> Sequence[Verification]:
            return [Verification("greetings", "Counts of greetings equal the greetings.", miscounted)]
    """


@hookspec
def regulars_checks() -> Sequence[Look]:  # type: ignore[empty-body]
    """Whether what the plugin does works, which `regulars doctor` and the API's `Shop.status` tell.

    Each looks at an open shop in a few small statements, writes nothing, and answers a `Check` for each thing it has looked at:
    what is not fine says what mends it, and `works` where the shop goes on all the same.

    For example:

        @hookimpl
        def regulars_checks() -> Sequence[Look]:
            return [ovens]  # given the shop it answers [Check("ovens", False, "there is none; buy one", works=True)]
    """


@hookspec
def regulars_claims() -> Sequence[Claim]:  # type: ignore[empty-body]
    """What customers hold of the shop or owe to it in the plugin's tables, for which they are kept.

    The shop's policy of retention (`REGULARS_RETENTION_INACTIVE_MONTHS`) asks for the erasure of nobody who has a claim, however
    long nothing was heard of them. It is asked of plugins that are installed and off, too, as long as their tables are there; who
    is a customer again since a merge was undone of which such a plugin has not heard yet is kept until it has.

    For example:

        @hookimpl
        def regulars_claims() -> Sequence[Claim]:
            return [Claim("cakes", "EXISTS (SELECT 1 FROM birthday_cake k WHERE k.customer_id = c.id AND NOT k.is_eaten)")]
    """
