"""The plugins of one application: found by entry point, chosen by setting, checked, and told of events.

Not a global: two applications with different plugins live in one process without knowing of each other.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from regulars_core import hookspecs

ENTRY_POINTS = "regulars"
OWN_DISTRIBUTION = "regulars"


class PluginError(Exception):
    """A plugin cannot take part as it is; the message names it and says what is wrong. Stops the start."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that is installed, whether or not it is on."""

    name: str
    version: str
    description: str
    in_the_box: bool
    entry: EntryPoint


def installed() -> Sequence[Installed]:
    """Every installed plugin, by name. Nothing of it is imported. Raises PluginError where two share a name."""
    found: dict[str, Installed] = {}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist else ""
        summary = entry.dist.metadata.get("Summary") if entry.dist else None
        if entry.name in found:
            elder = found[entry.name].entry.dist
            other = elder.name if elder else "?"
            raise PluginError(f"The plugin name '{entry.name}' is taken by '{other}' and by '{distribution}'.")
        found[entry.name] = Installed(
            entry.name,
            entry.dist.version if entry.dist else "",
            summary or "",
            distribution == OWN_DISTRIBUTION,
            entry,
        )
    return list(found.values())


def chosen(available: Sequence[Installed], wanted: tuple[str, ...] | None) -> Sequence[Installed]:
    """Those to switch on: all in the box if nothing is wanted, exactly the named ones, or with `+name` the box and that
    one. Raises PluginError for one that is not installed."""
    by_name = {plugin.name: plugin for plugin in available}
    names = set(wanted or ())
    if unknown := sorted(name for name in names if name.removeprefix("+") not in by_name):
        have = ", ".join(by_name) or "none"
        raise PluginError(f"REGULARS_PLUGINS names {', '.join(unknown)}, which is not installed; installed: {have}.")
    box = {plugin.name for plugin in available if plugin.in_the_box}
    exactly = {name for name in names if not name.startswith("+")}
    added = {name.removeprefix("+") for name in names if name.startswith("+")}
    on = (box if wanted is None or (added and not exactly) else exactly) | added
    return [plugin for plugin in available if plugin.name in on]


class Plugins:
    """Plugins that are on, by name, in the order in which they are told of events."""

    def __init__(self, plugins: Mapping[str, object] | None = None) -> None:
        """Raises PluginError for hooks that do not exist, take arguments that do not, or are of the wrong colour."""
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self.names: Sequence[str] = tuple(plugins or {})
        for name, plugin in (plugins or {}).items():
            try:
                self._manager.register(plugin, name)
            except (pluggy.PluginValidationError, ValueError) as error:
                raise PluginError(f"The plugin '{name}' cannot be registered: {error}") from error
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(str(error)) from error
        self._check_colours()

    @classmethod
    def load(cls, plugins: Iterable[Installed]) -> "Plugins":
        """Import and register these. Raises PluginError for one that cannot be imported."""
        loaded: dict[str, object] = {}
        for plugin in plugins:
            try:
                loaded[plugin.name] = plugin.entry.load()
            except Exception as error:
                raise PluginError(f"The plugin '{plugin.name}' cannot be imported: {error!r}") from error
        return cls(loaded)

    def _check_colours(self) -> None:
        for name, caller in vars(self._manager.hook).items():
            event = inspect.iscoroutinefunction(caller.spec.function)
            for implementation in caller.get_hookimpls():
                if implementation.hookwrapper or implementation.wrapper:
                    raise PluginError(f"The plugin '{implementation.plugin_name}' wraps {name}; hooks cannot be wrapped.")
                if inspect.iscoroutinefunction(implementation.function) is not event:
                    right = "async def" if event else "def"
                    raise PluginError(f"The plugin '{implementation.plugin_name}' must write {name} with `{right}`.")

    def declared(self, hook: str) -> Mapping[str, Any]:
        """What each plugin that has this declaration answers, by plugin."""
        implementations = reversed(getattr(self._manager.hook, hook).get_hookimpls())
        return {implementation.plugin_name: implementation.function() for implementation in implementations}

    async def announce(self, event: str, **facts: Any) -> None:
        """Await every plugin's implementation of an event, one after another, in the order of registration.

        Pluggy's own way would call them all before the first is awaited, and drop the rest where one raises.
        """
        for implementation in reversed(getattr(self._manager.hook, event).get_hookimpls()):
            try:
                await implementation.function(*(facts[name] for name in implementation.argnames))
            except Exception as error:
                error.add_note(f"in {event} of the plugin '{implementation.plugin_name}'")
                raise
