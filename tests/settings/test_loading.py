"""Settings come from the file and the environment, and everything that is wrong with them is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.secrets import Secret
from engine.settings import Settings, SettingsInvalid, load_settings

TOKEN = "0123456789abcdef0123456789abcdef"


def write(path: Path, text: str) -> Path:
    file = path / "hoster.yaml"
    file.write_text(text)
    file.chmod(0o600)
    return file


def problems(environment: dict[str, str], config: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(environment, config)
    return refused.value.problems


def test_without_any_setting_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"PATH": "/bin", "hoster_server_port": "1"})
    assert settings == Settings()
    assert settings.data_dir == tmp_path / "data"
    assert settings.database_path == tmp_path / "data" / "hoster.db"
    assert (settings.server_host, settings.server_port) == ("127.0.0.1", 8080)
    assert settings.server_max_body == 1024 * 1024
    assert settings.retention_events == 30 * 86400
    assert settings.nodes_local_socket == Path("/var/run/docker.sock")
    assert settings.admin_token is None
    assert settings.extensions == ()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "server: {host: 10.0.0.1, port: 9000}\nlog.level: debug\n")
    settings = load_settings({"HOSTER_SERVER_PORT": "9001", "HOSTER_CONFIG": str(file)})
    assert (settings.server_host, settings.server_port, settings.log_level) == ("10.0.0.1", 9001, "debug")


def test_a_named_file_is_read_instead_of_the_one_of_the_environment(tmp_path: Path) -> None:
    file = write(tmp_path, "server: {port: 9000}\n")
    assert load_settings({"HOSTER_CONFIG": "/nowhere.yaml"}, file).server_port == 9000


def test_lists_in_the_file_are_what_separators_are_in_a_variable(tmp_path: Path) -> None:
    file = write(tmp_path, "resources_path: [/one, /two]\nextensions: [acme.types, acme.handlers]\n")
    in_file = load_settings({}, file)
    in_variables = load_settings({"HOSTER_RESOURCES_PATH": "/one:/two", "HOSTER_EXTENSIONS": "acme.types, acme.handlers"})
    assert in_file == in_variables
    assert in_file.resources_path == (Path("/one"), Path("/two"))
    assert in_file.extensions == ("acme.types", "acme.handlers")


def test_empty_means_not_set_except_where_it_is_a_value() -> None:
    settings = load_settings({"HOSTER_ADMIN_TOKEN": "", "HOSTER_SERVER_PORT": "", "HOSTER_NODES_LOCAL_SOCKET": ""})
    assert settings.admin_token is None
    assert settings.server_port == 8080
    assert settings.nodes_local_socket is None


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    for text in ("", "# nothing\n", "server:\nlog: {level: }\n", "\ufeff"):
        assert load_settings({}, write(tmp_path, text)) == Settings()


def test_every_problem_is_reported_with_its_place(tmp_path: Path) -> None:
    file = write(tmp_path, "server:\n  port: 80800\n  hots: x\nlog: {format: [a]}\nextensions: [a, true]\n")
    assert problems({"HOSTER_COMMANDS_LEASE": "30", "HOSTER_SHUTDOWN_TIMEOUT": "1s"}, file) == (
        f"{file}:4:15: log.format takes one text or number.",
        f"{file}:5:13: extensions takes text or a list of texts.",
        f"{file}:2:3: server.port must be a whole number from 0 to 65535, not '80800'.",
        f"{file}:3:3: there is no setting 'server.hots'; did you mean server.host?",
        "HOSTER_COMMANDS_LEASE must be a duration with a unit, such as 30s, not '30'.",
        "HOSTER_SHUTDOWN_TIMEOUT: there is no such setting; did you mean HOSTER_SERVER_SHUTDOWN_TIMEOUT?",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server: [", "hoster.yaml:1:10: "),
        ("- a\n", "hoster.yaml:1:1: a settings file has sections"),
        ("server: {port: 1}\nserver: {port: 2}\n", "hoster.yaml:2:1: 'server' stands here a second time"),
        ("admin_token: *abc\n", "hoster.yaml:1:14: put this value in single quotes"),
        ("server: 5\n", "there is no setting 'server'"),
        ("servr: {port: 5}\n", "did you mean server.port?"),
        ("server: {port: {a: 1}}\n", "server.port takes one text or number"),
        ("x" * 300_000, "larger than a settings file may be"),
    ],
)
def test_a_file_of_the_wrong_shape_is_explained(tmp_path: Path, text: str, message: str) -> None:
    assert message in "\n".join(problems({}, write(tmp_path, text)))


def test_a_file_that_is_not_there_or_not_text_is_no_empty_file(tmp_path: Path) -> None:
    assert "No such file" in problems({"HOSTER_CONFIG": str(tmp_path / "none.yaml")})[0]
    assert "Is a directory" in problems({}, tmp_path)[0]
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in problems({}, tmp_path / "binary")[0]


def test_unknown_variables_are_refused_with_the_name_that_was_meant() -> None:
    for variable, meant in {
        "HOSTER_NODES_ENCRYPTON_KEY": "HOSTER_NODES_ENCRYPTION_KEY",
        "HOSTER_PORT": "HOSTER_SERVER_PORT",
        "HOSTER_LOGLEVEL": "HOSTER_LOG_LEVEL",
    }.items():
        assert problems({variable: "5"}) == (f"{variable}: there is no such setting; did you mean {meant}?",)
    assert problems({"HOSTER_XYZZY": "secret-value"}) == ("HOSTER_XYZZY: there is no such setting.",)


def test_names_of_parts_that_are_still_to_come_only_warn(tmp_path: Path) -> None:
    file = write(tmp_path, "domain: {config_dir: hunter2}\nproxy:\n  enabled: true\n")
    settings = load_settings({"HOSTER_BILLING_STRIPE_KEY": "sk_live_hunter2"}, file)
    assert len(settings.warnings) == 3
    assert all("has no effect" in warning and "hunter2" not in warning for warning in settings.warnings)
    assert [name in "".join(settings.warnings) for name in ("domain.config_dir", "proxy.enabled", "BILLING_STRIPE_KEY")] == [
        True
    ] * 3


def test_variables_that_an_orchestrator_sets_for_a_service_are_no_mistakes() -> None:
    injected = {
        "HOSTER_SERVICE_HOST": "10.0.0.1",
        "HOSTER_SERVICE_PORT": "80",
        "HOSTER_SERVICE_PORT_HTTP": "80",
        "HOSTER_PORT": "tcp://10.0.0.1:80",
        "HOSTER_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert load_settings(injected) == Settings()


def test_what_tells_the_command_line_which_server_to_ask_is_no_mistake() -> None:
    assert load_settings({"HOSTER_URL": "https://hoster.example.org", "HOSTER_TOKEN": "hoster_x"}) == Settings()


def test_a_secret_in_a_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    file = write(tmp_path, f"admin_token: '{TOKEN}'\n")
    assert load_settings({}, file).warnings == ()
    file.chmod(0o640)
    (warning,) = load_settings({}, file).warnings
    assert "chmod 600" in warning
    assert TOKEN not in warning


def test_secrets_show_in_no_form_of_the_settings() -> None:
    key = bytes(range(32)).hex()
    settings = load_settings({"HOSTER_ADMIN_TOKEN": TOKEN, "HOSTER_NODES_ENCRYPTION_KEY": key})
    assert settings.admin_token == Secret(TOKEN)
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert TOKEN not in shown
        assert key not in shown


def test_secrets_show_in_no_error(tmp_path: Path) -> None:
    file = write(tmp_path, "admin_token: 99999999999999999999999999999\nnodes: {encryption_key: 'in-file-hunter2'}\n")
    environment = {
        "HOSTER_ADMIN_TOKEN": "short-hunter2",
        "HOSTER_NODES_ENCRYPTION_KEY": "hunter2" * 9,
        "HOSTER_DATABASE_DSN": "postgres://hoster:hunter2@db/hoster",
    }
    found = problems(environment, file)
    assert len(found) == 5
    assert "hunter2" not in "".join(found)
    assert "9999" not in "".join(found)
