"""Which plugins are installed, and which of them a setting switches on."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from regulars_core.plugins.host import About
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.garbage import seldom_collected
from regulars_core.primitives.suggestions import suggestion

ENTRY_POINTS = "regulars"
OWN_DISTRIBUTION = "regulars"


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
    plugins: dict[str, Installed] = {}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist else "?"
        if existing := plugins.get(entry.name):
            other = existing.entry.dist.name if existing.entry.dist else "?"
            raise PluginError(f"The plugin name '{entry.name}' is taken by '{other}' and by '{distribution}'.")
        version = entry.dist.version if entry.dist else ""
        in_the_box = distribution == OWN_DISTRIBUTION
        summary = str(entry.dist.metadata.json.get("summary", "")) if entry.dist else ""
        description = _first_line(entry.module) if in_the_box else summary  # the box's own summary tells of the whole
        plugins[entry.name] = Installed(entry.name, version, description, in_the_box, entry)
    return list(plugins.values())


def _first_line(module: str) -> str:
    """What a module says of itself, read from its source."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def chosen(
    available: Sequence[Installed], wanted: tuple[str, ...] | None, told: str = "REGULARS_PLUGINS"
) -> Sequence[Installed]:
    """Those to switch on: all in the box if nothing is wanted, exactly the named ones, with `+name` the box and that one, with
    `-name` the box without it. The box comes by name, the named ones in the order in which they are named.

    Raises PluginError, which says where it was `told`, for one that is not installed, and for `-name` beside what is named
    without a sign or added.
    """
    by_name = {plugin.name: plugin for plugin in available}
    signed = [(name[:1], name[1:]) if name.startswith(("+", "-")) else ("", name) for name in wanted or ()]
    _refuse_unknown({name for _, name in signed}, by_name, told)
    left_out = {name for sign, name in signed if sign == "-"}
    named = [name for sign, name in signed if sign != "-"]
    if left_out and any(sign == "" or (sign == "+" and name in left_out) for sign, name in signed):
        without, others = f"-{min(left_out)}", ", ".join(wanted or ())
        raise PluginError(f"{told} says {others}: {without} is the box without it, and only +name may stand beside it.")
    of_the_box = wanted is None or (bool(signed) and all(sign for sign, _ in signed))
    box = [plugin.name for plugin in available if plugin.in_the_box] if of_the_box else []
    return [by_name[name] for name in dict.fromkeys([*box, *named]) if name not in left_out]


def _refuse_unknown(names: Set[str], installed: Collection[str], told: str) -> None:
    if unknown := sorted(names - set(installed)):
        near = suggestion(unknown[0], installed) if len(unknown) == 1 else ""
        have = f"{near} Installed" if near else "; installed"
        raise PluginError(
            f"{told} names {', '.join(unknown)}, which is not installed{have}: {', '.join(installed) or 'none'}."
        )


def loaded(plugins: Iterable[Installed]) -> tuple[Mapping[str, object], Sequence[About]]:
    """These plugins, imported, by name, and what is told of them. Raises PluginError for one that cannot be imported."""
    modules: dict[str, object] = {}
    about = []
    for plugin in plugins:
        try:
            with seldom_collected():
                modules[plugin.name] = plugin.entry.load()
        except Exception as error:
            raise PluginError(f"The plugin '{plugin.name}' cannot be imported: {error!r}") from error
        about.append(About(plugin.name, plugin.version, plugin.description))
    return modules, about
