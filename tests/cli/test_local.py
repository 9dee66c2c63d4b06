"""Without a server: the application in the command's own process, on the same database, as the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.house import House


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A data directory with nobody who serves it."""
    made = House(tmp_path_factory.mktemp("alone"), port=9)
    made.token("ann")
    return made


def here(house: House, *words: str, **more: str) -> tuple[int, str, str]:
    """A command without server, token or `--local`."""
    return house.raw(*words, token=None, **more)


def test_everything_is_done_here_by_the_operator_when_no_server_answers(alone: House) -> None:
    assert here(alone, "create", "baskets", "name=local", "title=Local")[0] == 0
    assert "Local" in here(alone, "get", "baskets")[1]
    assert here(alone, "create", "errands", "name=inhouse", "basket=local")[0] == 0
    assert here(alone, "set", "errands/inhouse", "count=2", "--local")[0] == 0
    described = here(alone, "describe", "errands/inhouse")[1]
    assert "operator@hoster.local" in described
    assert here(alone, "get", "errands/inhouse", "--where", "x=y")[0] == 2


def test_who_waits_does_the_work(alone: House) -> None:
    assert here(alone, "create", "errands", "name=worked")[0] == 0
    code, out, _ = here(alone, "do", "start", "errands/worked")
    assert (code, "is walking; follow it with hoster wait" in out) == (0, True)
    assert here(alone, "get", "errands/worked", "--fields", "status")[1].split()[-1] == "walking"
    code, out, _ = here(alone, "wait", "errands/worked")
    assert (code, out.splitlines()[-1].split()[-1]) == (0, "back")
    history = here(alone, "history", "errands/worked")[1]
    assert "operator@hoster.local, start  idle → walking" in history
    assert "command errands.walk" in history


def test_no_token_of_the_operator_is_spent(alone: House) -> None:
    """The first start of a server shows it, whatever was done locally before."""
    tokens = here(alone, "get", "tokens", "--json")[1]
    assert "first operator" not in tokens


def test_a_server_that_was_named_is_not_replaced_by_this_machine(alone: House) -> None:
    for more in ({"HOSTER_URL": "http://127.0.0.1:9"}, {"HOSTER_TOKEN": "hoster_x"}):
        code, out, err = here(alone, "get", "errands", **more)
        assert (code, out) == (3, ""), more
        assert "No server answers at http://127.0.0.1:9" in err
    code, out, _ = here(alone, "get", "errands", "--url", "http://127.0.0.1:9", "--json")
    assert (code, '"code": "no_server"' in out) == (3, True)
    for url in ("localhost", "http://[", "ftp://example.org", "http://", "http://x:99999"):
        assert here(alone, "get", "errands", "--url", url)[0] == 2, url


def test_what_keeps_the_application_from_starting_is_told(tmp_path: Path, alone: House) -> None:
    (tmp_path / "broken.yaml").write_text("attributes: {name: {type: sting}}\n")
    code, out, err = here(alone, "get", "errands", "--local", "--json", HOSTER_RESOURCES_PATH=str(tmp_path))
    assert (code, '"code": "bad_definitions"' in out, err) == (1, True, "")


def test_nothing_is_made_where_there_is_nothing(tmp_path: Path) -> None:
    empty = House(tmp_path, port=9)
    code, _, err = here(empty, "get", "errands")
    assert (code, "there is no database at" in err, "hoster serve" in err) == (3, True, True)
    assert not (tmp_path / "data").exists()


def test_a_token_can_be_in_a_file(served: House, tmp_path: Path) -> None:
    served.make("errands", "name=filed")
    file = tmp_path / "token"
    file.write_text(served.token("ann") + "\n")
    seen = served.raw("get", "errands/filed", "--token-file", str(file), token=None)
    assert (seen.code, "filed" in seen.out) == (0, True)
    file.write_text("two words")
    assert served.raw("get", "errands/filed", "--token-file", str(file), token=None).code == 2
    assert served.raw("get", "errands/filed", "--token-file", str(tmp_path / "none"), token=None).code == 2


def test_what_answers_must_be_such_a_server(served: House, tmp_path: Path) -> None:
    seen = served.raw("get", "errands", "--url", f"http://127.0.0.1:{served.port}/health", token=None)
    assert (seen.code, "is no such server" in seen.err) == (3, True)
