"""Names of settings: each field of a run's configuration has one, whatever part of it the field belongs to.

The command line, files, stored runs and what is changed on resuming are layers of settings by name, of which
the upper ones win. A file may also keep the settings of a part in a table of its own (``[budget]``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from nashforge.errors import NashforgeError

if TYPE_CHECKING:
    from nashforge.evolve.config.consent import Consent


class ConfigError(NashforgeError, ValueError):
    """A run cannot be configured as asked."""

    exit_code = 2


@dataclass(frozen=True)
class Setting:
    """Metadata of a field of the configuration, beside its type and help.

    Attributes
    ----------
    name : str
        In files and stored runs, where all settings stand in one table; as the field, if not given.
    option : str
        On the command line, without dashes; as the name, if not given.
    aliases : tuple of str
        Other names that files may have.
    former : str
        Its name in an earlier version, which files and stored runs may have, and which JSON still has, too.
    consent : Consent or None
        When the setting counts only if the person at the command line says it.
    path : tuple of str
        The fields that lead to it, known when the configuration has been declared.
    """

    name: str = ""
    option: str = ""
    aliases: tuple[str, ...] = ()
    former: str = ""
    consent: Consent | None = None
    path: tuple[str, ...] = ()

    @property
    def spellings(self) -> Iterator[str]:
        """All names by which a file may call it, those in the table of its part with a dot."""
        *part, field = self.path
        names = {self.name, self.option, *self.aliases, *([self.former] if self.former else [])}
        yield from names
        if part:
            yield from (f"{part[0]}.{name}" for name in names | {field})


class Settings(dict[str, Setting]):
    """The settings of a configuration by name, in the order of its fields.

    Parameters
    ----------
    config
        A model whose fields are settings, or parts, which are models that derive from ``part``.
    extra
        Names that a file may also give, and that mean something else than a field, by their part.
    """

    def __init__(self, config: type[BaseModel], part: type[BaseModel], extra: Mapping[str, str]) -> None:
        self.parts: dict[str, type[BaseModel]] = {}
        for name, field in config.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, part):
                self.parts[name] = kind
                for inner in kind.model_fields:
                    self._add(kind, (name, inner))
            else:
                self._add(config, (name,))
        self._names = {spelled: name for name, setting in self.items() for spelled in setting.spellings}
        for name, part_name in extra.items():
            self._names |= {name: name, f"{part_name}.{name}": name}

    def _add(self, model: type[BaseModel], path: tuple[str, ...]) -> None:
        metadata = model.model_fields[path[-1]].metadata
        given = next((item for item in metadata if isinstance(item, Setting)), Setting())
        name = given.name or path[-1]
        self[name] = replace(given, name=name, option=given.option or name, path=path)

    def knows(self, name: str) -> bool:
        """Whether a name is that of a setting."""
        return name in self._names

    def find(self, spelled: str) -> Setting | None:
        """Return the setting that is called so, in whatever way."""
        return self.get(self._names.get(spelled, spelled))

    def with_former_names(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings by name, those that had another name under that one as well."""
        renamed = {item.former: item.name for item in self.values() if item.former and item.name in values}
        return {**values, **{former: values[name] for former, name in renamed.items()}}

    def named(self, values: Mapping[str, Any], *, once: bool = False) -> dict[str, Any]:
        """Return settings by name, however they are called, or whatever table they stand in.

        Names that are not known stay, to be refused or read by somebody else. Of a setting that is there by
        several names, the last counts: a run of an earlier version may have been changed by this one.

        Raises
        ------
        ConfigError
            If a setting is given twice and may be given ``once`` only.
        """
        found: dict[str, Any] = {}
        spellings: dict[str, str] = {}
        for spelled, value in self._flat(values):
            key = spelled.replace("-", "_")
            name = self._names.get(key, key)
            if once and name in found:
                both = f"as {spellings[name]!r} and as {spelled!r}"
                raise ConfigError(f"gives {name!r} twice, {both}; keep one")
            found[name] = value
            spellings[name] = spelled
        return found

    def _flat(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for key, value in values.items():
            if key in self.parts and isinstance(value, Mapping | BaseModel):
                yield from ((f"{key}.{name}", inner) for name, inner in dict(value).items())
            else:
                yield key, value

    def nested(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a configuration is made of: settings in the tables of their parts."""
        tables: dict[str, dict[str, Any]] = {}
        single: dict[str, Any] = {}
        for name, value in self.named(values).items():
            *part, field = self[name].path if name in self else name.split(".")
            home = tables.setdefault(part[0], {}) if len(part) == 1 else single
            home[field if home is not single else name] = value
        return tables | single

    def at(self, place: tuple[int | str, ...]) -> tuple[Setting | None, tuple[int | str, ...]]:
        """Return the setting at a place in a configuration, and the rest of the place, inside its value."""
        for setting in self.values():
            if place[: len(setting.path)] == setting.path:
                return setting, place[len(setting.path) :]
        return None, place
