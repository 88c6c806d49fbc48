"""Lets one set of models serve databases of both engines in one process.

Tortoise writes what depends on the engine onto the model class when a database is opened: which placeholders a query
uses, which values need converting. The database opened last would decide for all. Here each engine gets its own.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pypika_tortoise.queries import Query
from tortoise.context import TortoiseContext, get_current_context
from tortoise.models import MetaInfo, Model

from regulars_core.database.apps import App


class EngineContext(TortoiseContext):
    """A Tortoise context that knows its engine."""

    _ready: ClassVar[set[tuple[str, Sequence[type[Model]]]]] = set()
    """The models of databases that were opened before, by engine."""

    def __init__(self, engine: str) -> None:
        super().__init__()
        self.engine = engine

    async def connect(self, config: dict[str, Any], apps: Sequence[App]) -> None:
        """As Tortoise's `init`, whose `config` is of these apps. Their models are not made ready for queries again for each
        database of an engine: that took most of opening one."""
        which = self.engine, tuple(model for app in apps for model in _models(app.models))
        await self.init(config, init_connections=which not in self._ready)
        self._ready.add(which)


@dataclass
class _Parts:
    basequery: Any = field(default_factory=Query)
    basequery_all_fields: Any = field(default_factory=Query)
    filters: dict[str, Any] = field(default_factory=dict)
    filters_made_of: dict[str, Any] = field(default_factory=dict)
    db_native_fields: list[Any] = field(default_factory=list)
    db_default_fields: list[Any] = field(default_factory=list)
    db_complex_fields: list[Any] = field(default_factory=list)


_parts: dict[tuple[type[Model], str], _Parts] = {}


def _parts_of(meta: MetaInfo) -> _Parts:
    engine = getattr(get_current_context(), "engine", "")
    parts = _parts.get((meta._model, engine))
    if parts is None:
        # Filters over many-to-many relations are added once per process, whichever database comes first.
        others = (parts.filters for (model, _), parts in _parts.items() if model is meta._model)
        parts = _parts[meta._model, engine] = _Parts(filters=dict(next(others, {})))
    return parts


def _by_engine(name: str) -> property:
    def read(meta: MetaInfo) -> Any:
        return getattr(_parts_of(meta), name)

    def write(meta: MetaInfo, value: Any) -> None:
        setattr(_parts_of(meta), name, value)

    return property(read, write)


class EngineMeta(MetaInfo):
    """Tortoise's facts about a model, with those that depend on the engine taken from the current database's."""

    __slots__ = ()

    basequery = _by_engine("basequery")
    basequery_all_fields = _by_engine("basequery_all_fields")
    filters = _by_engine("filters")
    db_native_fields = _by_engine("db_native_fields")
    db_default_fields = _by_engine("db_default_fields")
    db_complex_fields = _by_engine("db_complex_fields")

    def _generate_filters(self) -> None:
        """As Tortoise does, and not again for each database of an engine: that took half of opening one."""
        parts = _parts_of(self)
        if parts.filters_made_of != self._filters:
            super()._generate_filters()
            parts.filters_made_of = dict(self._filters)


def serve_both_engines(apps: Sequence[App]) -> None:
    """Make the models of these apps take what depends on the engine from the database at hand."""
    for app in apps:
        for model in _models(app.models):
            if type(model._meta) is MetaInfo:
                filters = dict(model._meta.filters)
                model._meta.__class__ = EngineMeta
                _parts_of(model._meta).filters.update(filters)


def _models(module: str) -> Iterator[type[Model]]:
    for member in vars(importlib.import_module(module)).values():
        if isinstance(member, type) and issubclass(member, Model) and not member._meta.abstract:
            yield member
