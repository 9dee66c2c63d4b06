"""`hoster completion`: the script that makes a shell complete commands, types, ids and attributes."""

from __future__ import annotations

import click

VARIABLE = "_HOSTER_COMPLETE"

_SPACE = "    return 0\n"
_NO_SPACE = "    [[ ${COMPREPLY[0]} == *[=/.] ]] && compopt -o nospace\n    return 0\n"
"""What ends in one of these is not at its end; bash would begin a new word."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash    eval "$(hoster completion bash)"    in ~/.bashrc
    zsh     eval "$(hoster completion zsh)"     in ~/.zshrc
    fish    hoster completion fish > ~/.config/fish/completions/hoster.fish
    """
    from click.shell_completion import get_completion_class

    from engine.cli import main

    made = get_completion_class(shell)
    assert made is not None  # noqa: S101  click has all three
    script = made(main, {}, "hoster", VARIABLE).source()
    click.echo(script.replace(_SPACE, _NO_SPACE) if shell == "bash" else script)
