"""The page about the settings says what the declarations say."""

from __future__ import annotations

from pathlib import Path

from engine.settings import Settings, load_settings, settings_of
from engine.settings.document import document

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_the_one_that_the_declarations_make() -> None:
    assert PAGE.read_text() == document(), "run: just docs"


def test_every_setting_has_a_reason_and_a_trap_in_sentences() -> None:
    for setting in settings_of(Settings).values():
        for words in (setting.reason, setting.trap):
            assert len(words) > 20, setting.key
            assert words.endswith((".", "openssl rand -hex 32")), setting.key
        assert setting.reason != setting.trap


def test_every_shown_default_is_read_to_the_default() -> None:
    for name, setting in settings_of(Settings).items():
        if setting.default is not None:
            assert load_settings({setting.variable: setting.default}) == Settings(), name
