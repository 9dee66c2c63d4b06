"""Reads the settings: the YAML file first, then the environment, which wins.

A name that is not known is refused, in both: a setting that is misspelt or no longer exists must not be ignored silently.
All problems are reported at once, each with its place, and no value of a secret is ever part of one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import HosterError
from engine.settings.declaration import PREFIX, Setting, settings_of
from engine.settings.declared import Settings
from engine.settings.file import Entry, read_file
from engine.settings.known import closest, is_injected, is_later, is_of_clients
from engine.settings.safety import problems
from engine.settings.values import BadValue, path

CONFIG = "HOSTER_CONFIG"


class SettingsInvalid(HosterError):
    """The settings cannot be used. `problems` has one line for each reason, with its place."""

    code, title = "settings_invalid", "The settings cannot be used"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_settings(environment: Mapping[str, str] | None = None, config: Path | None = None) -> Settings:
    """The settings from the file `config`, or that of HOSTER_CONFIG, and `environment`, by default that of this process.

    Raises `SettingsInvalid`.
    """
    environment = os.environ if environment is None else environment
    loading = _Loading()
    if config is None and environment.get(CONFIG):
        config = loading.named_file(environment[CONFIG])
    if config is not None:
        loading.file(config)
    loading.environment(environment)
    if loading.problems:
        raise SettingsInvalid(loading.problems)
    settings = Settings(**loading.values, warnings=tuple(loading.warnings))
    unsafe = problems(settings)
    if unsafe:
        raise SettingsInvalid([f"{each}." for each in unsafe])
    return settings


class _Loading:
    def __init__(self) -> None:
        self.names = {setting.key: name for name, setting in settings_of(Settings).items()}
        self.settings = {setting.key: setting for setting in settings_of(Settings).values()}
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def named_file(self, text: str) -> Path | None:
        try:
            return path(text)
        except BadValue as error:
            self.problems.append(f"{CONFIG} {error}.")
            return None

    def file(self, file: Path) -> None:
        entries, problems = read_file(file, self.settings)
        self.problems.extend(problems)
        for entry in entries:
            self._entry(entry)
        if any(self.settings[entry.key].secret for entry in entries if entry.key in self.settings):
            self._exposed(file)

    def _entry(self, entry: Entry) -> None:
        if entry.key in self.settings:
            self._take(self.settings[entry.key], entry.text, f"{entry.place}: {entry.key}")
        elif is_later(PREFIX + entry.key.upper().replace(".", "_")):
            self.warnings.append(f"{entry.place}: {entry.key} has no effect: this version has no such setting yet.")
        else:
            self.problems.append(f"{entry.place}: there is no setting {entry.key!r}{closest(entry.key, self.settings)}")

    def _exposed(self, file: Path) -> None:
        mode = file.stat().st_mode
        if mode & 0o007:
            self.problems.append(f"{file} holds a secret, and everybody on this machine may open it; run: chmod 600 {file}")
        elif mode & 0o070:
            self.warnings.append(f"{file} holds a secret, and others than its owner may open it; run: chmod 600 {file}")

    def environment(self, environment: Mapping[str, str]) -> None:
        variables = {setting.variable: setting for setting in self.settings.values()}
        for variable, text in sorted(environment.items()):
            if not variable.startswith(PREFIX) or variable == CONFIG or is_of_clients(variable) or is_injected(variable, text):
                continue
            if variable in variables:
                self._take(variables[variable], text, variable)
            elif is_later(variable):
                self.warnings.append(f"{variable} has no effect: this version has no such setting yet.")
            else:
                self.problems.append(f"{variable}: there is no such setting{closest(variable, variables)}")

    def _take(self, setting: Setting, text: str, place: str) -> None:
        if not text and not setting.empty_is_value:
            return
        try:
            self.values[self.names[setting.key]] = setting.parse(text)
        except BadValue as error:
            self.problems.append(f"{place} {error}.")
