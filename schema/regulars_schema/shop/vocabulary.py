"""The words that are in use, for filters and for completing what is typed."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from regulars_core.customers.words import cities_in_use, countries_in_use, regions_in_use, tags_in_use
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import folded
from regulars_core.purchases.sales.words import words_of_purchases
from regulars_core.queries.words import Word
from regulars_schema.composition.contributions import Contribution, Extension, Query, Vocabulary, VocabularyKind
from regulars_schema.fields.declarations import root
from regulars_schema.fields.nodes import backed_by
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires

MAX_WORDS = 500
_MAX_SEARCHED = 10_000
"""Words of a vocabulary in which is searched."""
_DEFAULT = 100


@requires(None)
@strawberry.type(description="A word that is in use.")
class VocabularyEntry:
    """Over regulars_core.queries.words.Word."""

    is_type_of = backed_by(Word)
    value: str = strawberry.field(description="The word, as filters take it.")
    label: str = strawberry.field(description="What people call it; the word itself where it has no other name.")
    count: int = strawberry.field(
        description="How many customers or notes, or of the latest 10,000 purchases, carry it."
    )


@root(
    name="vocabulary",
    returns=list[VocabularyEntry] | None,
    description="The words that are in use, the most frequent first, for filters and for completing what is typed. Each set "
    "of words needs a permission of its own. Those of purchases are found among the latest 10,000, in "
    "the stores whose purchases the caller sees.",
    replica=True,
)
async def vocabulary(
    context: RequestContext,
    *,
    of: Annotated[Vocabulary, strawberry.argument(description="Which words.")],
    search: Annotated[
        str | None,
        strawberry.argument(description="Only words that contain this, without regard to case and accents."),
    ] = None,
    first: Annotated[
        int | None, strawberry.argument(description="How many to answer at most: 0 to 500; 100 if absent.")
    ] = None,
) -> Sequence[Word]:
    """The words in use. Raises BadInput, and Forbidden."""
    kind: VocabularyKind = of  # type: ignore[assignment]
    number = _DEFAULT if first is None else first
    if not 0 <= number <= MAX_WORDS:
        raise BadInput(f"A vocabulary answers 0 to {MAX_WORDS} words.", ("first",))
    context.demand(kind.needs)
    context.shop.refuse_behind(kind.owner)
    wanted = folded(search or "")
    words = await kind.read(context, _MAX_SEARCHED if wanted else number)
    return [word for word in words if wanted in folded(word.value) or wanted in folded(word.label)][:number]


def _of_purchases(name: str, description: str) -> VocabularyKind:
    async def read(context: RequestContext, number: int) -> Sequence[Word]:
        return await words_of_purchases(context.database, name, context.actor.stores(VIEW), number)

    return VocabularyKind(name, description, read, VIEW)


async def _tags(context: RequestContext, number: int) -> Sequence[Word]:
    return await tags_in_use(context.database, number)


async def _cities(context: RequestContext, number: int) -> Sequence[Word]:
    return await cities_in_use(context.database, number)


async def _regions(context: RequestContext, number: int) -> Sequence[Word]:
    return await regions_in_use(context.database, number)


async def _countries(context: RequestContext, number: int) -> Sequence[Word]:
    return await countries_in_use(context.database, number)


_PII = "customers.view_pii"
VOCABULARIES = (
    _of_purchases("BRAND", "Brands of what was bought."),
    _of_purchases("CATEGORY", "Categories of what was bought."),
    VocabularyKind("CITY", "Cities of customers' addresses.", _cities, _PII),
    VocabularyKind("COUNTRY", "Countries of customers' addresses.", _countries, _PII),
    _of_purchases("PAYMENT_METHOD", "Ways of paying."),
    _of_purchases("PURCHASE_CHANNEL", "Channels of purchases."),
    VocabularyKind("REGION", "States, provinces and counties of customers' addresses.", _regions, _PII),
    _of_purchases("REGISTER", "Tills."),
    VocabularyKind("TAG", "Tags of customers.", _tags, "customers.view"),
)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(CORE, extensions=[Extension(Query, [vocabulary])], vocabularies=VOCABULARIES)
