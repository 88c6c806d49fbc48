"""Who owns which name. Two owners of one name stop the start, and both are named."""

from collections.abc import Hashable, Iterable

CORE = "core"
"""The owner of everything that is no plugin's."""


class PluginError(Exception):
    """A plugin cannot take part as it is; the message names it and says what is wrong. Stops the start."""


class Owners:
    """The owners of names of one kind, by name. `error` is what a name that two of them claim raises."""

    def __init__(self, error: type[Exception] = PluginError) -> None:
        self._error = error
        self._owners: dict[Hashable, str] = {}

    def claim(self, name: Hashable, owner: str, called: str) -> None:
        """Let an owner have a name, which messages tell as `called`: "The job 'sweep'".

        Raises `error`, which names both, if it is somebody's already: the same owner's too, who would have it twice.
        """
        if (existing := self._owners.get(name)) is not None:
            raise self._error(f"{called} is defined by '{existing}' and by '{owner}'")
        self._owners[name] = owner

    def reserve(self, names: Iterable[Hashable], owner: str) -> None:
        """Let an owner have those of the names that nobody has yet."""
        for name in names:
            self._owners.setdefault(name, owner)
