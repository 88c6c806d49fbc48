"""What notes bring to the schema."""

from collections.abc import Awaitable, Callable, Sequence

from regulars_core.customers.notes.reads import channels_in_use, notes_by_ids, topics_in_use
from regulars_core.database import Database
from regulars_core.plugins.owners import CORE
from regulars_core.queries.words import Word
from regulars_schema.composition.contributions import Contribution, NodeKind, VocabularyKind
from regulars_schema.customers.notes.fields import EXTENSIONS
from regulars_schema.customers.notes.filters import LEAVES
from regulars_schema.customers.notes.mutations import MUTATIONS
from regulars_schema.customers.notes.types import SORTS
from regulars_schema.fields.nodes import in_every_store
from regulars_schema.request.context import RequestContext


def _words(name: str, description: str, read: Callable[[Database, int], Awaitable[Sequence[Word]]]) -> VocabularyKind:
    async def in_shop(context: RequestContext, number: int) -> Sequence[Word]:
        return await read(context.database, number)

    return VocabularyKind(name, description, in_shop, "notes.view")


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[*EXTENSIONS, MUTATIONS],
        leaves=LEAVES,
        sorts=SORTS,
        nodes=[NodeKind("note", in_every_store(notes_by_ids), "notes.view")],
        vocabularies=[
            _words("NOTE_CHANNEL", "Channels of notes.", channels_in_use),
            _words("NOTE_TOPIC", "Topics of notes.", topics_in_use),
        ],
    )
