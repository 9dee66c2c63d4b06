"""What shells get to complete, asked as they ask."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.house import HOSTER, PATIENCE, House


def completed(house: House, *words: str, who: str | None = "ann") -> list[str]:
    """What bash is offered for the last of these words."""
    asked = {"_HOSTER_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["hoster", *words]), "COMP_CWORD": str(len(words))}
    ran = subprocess.run(
        [HOSTER],
        env=house.variables(who and house.token(who)) | asked,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.stderr == ""
    return [line.partition(",")[2] for line in ran.stdout.splitlines() if line]


def test_types_ids_names_attributes_states_and_transitions_are_completed(served: House) -> None:
    row = served.make("errands", "name=known", who="cora")
    served.make("errands", "name=secretly", who="bob")
    assert completed(served, "get", "err", who="cora") == ["errands"]
    assert completed(served, "set", "errands/", who="cora") == [f"errands/{row}", "errands/known"]
    assert completed(served, "set", "errands/kn", who="cora") == ["errands/known"]
    assert "start" in completed(served, "do", "st")
    assert "expire" not in completed(served, "do", "exp"), "only the system fires it"
    assert "errands/" in completed(served, "do", "start", "")
    assert "baskets/" not in completed(served, "do", "start", "")
    created = completed(served, "create", "errands", "")
    assert {"name=", "price=", "pin=", "basket=", "size="} <= {*created}
    assert not {"found=", "status=", "id="} & {*created}
    assert "size=" not in completed(served, "set", "errands/known", "s")
    assert completed(served, "get", "errands", "--where", "pri") == ["price="]
    assert completed(served, "wait", "errands/known", "--for", "coun") == ["count="]
    assert completed(served, "explain", "errands.fo") == ["errands.found"]
    assert "watch" in completed(served, "wa")


def test_no_name_of_others_can_be_run_by_a_shell(served: House) -> None:
    for name in ("$(touch${IFS}x)", "`x`", "a;b", "a b", "*", "a|b", "fine"):
        served.make("signs", f"text={name}")
    found = [word.partition("/")[2] for word in completed(served, "get", "signs/")]
    assert [name for name in found if not name.startswith("sign_")] == ["fine"]


def test_nothing_is_completed_and_nothing_said_where_no_server_answers(served: House) -> None:
    assert completed(House(served.folder / "nowhere", port=9, tokens={"ann": "hoster_x"}), "get", "") == []
    assert completed(House(served.folder, port=9), "get", "", who=None) == [], "nor is the application started for it"
    assert "errands" in completed(House(served.folder, port=9), "get", "--local", "", who=None)


def test_bash_puts_together_what_it_takes_for_several_words(served: House) -> None:
    served.make("errands", "name=bashed", who="bea")
    script = served.done("completion", "bash").out
    lines = (
        ("hoster get errands --where status = ba", "back"),
        ("hoster get errands --where status =", "idle walking back lost thrown"),
        ("hoster create errands name = x pri", "price="),
        ("hoster get errands/ba", "errands/bashed"),
    )
    asked = "\n".join(
        f'COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}; _hoster_completion hoster; echo "${{COMPREPLY[*]}}"'
        for words, _ in lines
    )
    environment = served.variables(served.token("bea"))
    environment["PATH"] = f"{HOSTER.parent}:{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "--norc"], input=f"compopt() {{ :; }}\n{script}\n{asked}\n", env=environment,
        capture_output=True, text=True, timeout=PATIENCE * 2, check=True,
    )  # fmt: skip
    assert (ran.stdout.splitlines(), ran.stderr) == ([found for _, found in lines], "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(served: House, shell: str) -> None:
    script = served.done("completion", shell).out
    assert f"_HOSTER_COMPLETE={shell}_complete" in script
    if shell == "bash":
        assert "compopt -o nospace" in script
    assert served.run("completion", "tcsh").code == 2
