"""What is told of settings that are wrong."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from regulars_core.primitives.suggestions import suggestion

PREFIX = "REGULARS_"


class Unknown:
    """What is told of a name that is no setting: which one was meant, or whose plugin is off."""

    def __init__(self, known: Collection[str], off: Callable[[], Mapping[str, type[BaseModel]]]) -> None:
        self._known, self._models = known, off

    @cached_property
    def _off(self) -> Mapping[str, str]:
        """The plugin that is off, by the name of a setting of its own."""
        models = self._models()
        return {f"{plugin}_{field}": plugin for plugin, model in models.items() for field in model.model_fields}

    def told(self, name: str) -> str:
        """What is wrong with this name."""
        if (plugin := self._off.get(name)) is not None:
            return f"its plugin {plugin} is off; REGULARS_PLUGINS switches it on"
        names = [each.upper() for each in (*self._known, *self._off)]
        return f"no such setting{suggestion(name, names, PREFIX + '{}')}"


_SECRET = {("database_url",), ("replica_url",), ("encryption_keys",)}


def mistake(error: Any, location: tuple[int | str, ...], unknown: Unknown) -> str:
    """What is wrong with one setting."""
    name = "_".join(str(part) for part in location)
    forbidden = error["type"] == "extra_forbidden"
    sentence = unknown.told(name) if forbidden else error["msg"].removeprefix("Value error, ")
    # The URL of a database may hold a password; so may what is no setting at all.
    value = "" if forbidden or location in _SECRET else f" (given: {error['input']!r})"
    return f"{PREFIX}{name.upper()}: {sentence}{value}"
