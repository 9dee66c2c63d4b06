"""`hoster completion`: the script that makes a shell complete commands, types, ids and attributes."""

from __future__ import annotations

import click

VARIABLE = "_HOSTER_COMPLETE"

BASH = """\
_hoster_completion() {
    local words=() each response type value prefix=
    for ((each = 0; each <= COMP_CWORD; each++)); do
        if ((each > 1)) && [[ ${COMP_WORDS[each]} == "=" || ${COMP_WORDS[each - 1]} == "=" ]]; then
            words[${#words[@]}-1]+=${COMP_WORDS[each]}
        else
            words+=("${COMP_WORDS[each]}")
        fi
    done
    [[ ${words[${#words[@]}-1]} == *=* ]] && prefix=${words[${#words[@]}-1]%=*}=
    local IFS=$'\\n'
    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) _HOSTER_COMPLETE=bash_complete $1)
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$prefix"}") ;;
        esac
    done <<< "$response"
    [[ ${COMPREPLY[0]} == *[=/.] ]] && compopt -o nospace
    return 0
}

complete -o nosort -F _hoster_completion hoster
"""
"""For bash, which takes `status=run` for three words, and would begin a new word after `name=` and `notes/`."""


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

    if shell == "bash":
        click.echo(BASH, nl=False)
        return
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101  click has both
    click.echo(made(main, {}, "hoster", VARIABLE).source())
