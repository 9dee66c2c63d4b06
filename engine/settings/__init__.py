"""What an installation can be told: one YAML file, `HOSTER_*` variables, and what each setting is for."""

from engine.settings.declaration import Setting, settings_of
from engine.settings.declared import Settings
from engine.settings.load import SettingsInvalid, load_settings

__all__ = ["Setting", "Settings", "SettingsInvalid", "load_settings", "settings_of"]
