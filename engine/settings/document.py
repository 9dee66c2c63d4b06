"""The page `docs/settings.md`, written from the declarations; a test holds the page against them."""

from __future__ import annotations

import sys

from engine.settings.declaration import Setting, settings_of
from engine.settings.declared import Settings

_HEAD = """# Settings

Every setting can be given as a variable of the environment, or in one YAML file that `--config FILE` or `HOSTER_CONFIG`
names. The environment wins over the file. The dots of a key are levels in the file:

```yaml
server:
  host: 127.0.0.1
  port: 8080
log: {level: info}
```

- A name that is not known is refused, with the name that was probably meant. So is a settings file that is not there.
  `HOSTER_URL` and `HOSTER_TOKEN` are no settings, but for [the command line](cli.md).
- An empty variable counts as not set, except where noted.
- Durations have units: `500ms`, `30s`, `1m30s`, `12h`, `7d`. Sizes: `512KiB`, `1MiB`, or a number of bytes.
- Relative paths start where the server was started.
- All problems are reported together, each with its variable or its file, line and column. Values of secrets never are.

| variable | key | default |
|---|---|---|
"""


def document() -> str:
    """The whole page."""
    settings = list(settings_of(Settings).values())
    rows = (f"| [`{each.variable}`](#{each.variable.lower()}) | `{each.key}` | {_default(each)} |" for each in settings)
    return _HEAD + "\n".join(rows) + "\n" + "".join(_section(each) for each in settings)


def _default(setting: Setting) -> str:
    return f"`{setting.shown}`" if setting.shown == setting.default else setting.shown


def _section(setting: Setting) -> str:
    notes = ["A secret: never shown in logs, errors or answers."] if setting.secret else []
    if setting.list_separator is not None:
        notes.append(f"In the file it may be a list; in the variable `{setting.list_separator}` separates.")
    if setting.empty_is_value:
        notes.append("Empty is a value of its own here.")
    lines = [f"\n## {setting.variable}\n", setting.reason, f"\nBeware: {setting.trap}", *(f"\n{note}" for note in notes)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
