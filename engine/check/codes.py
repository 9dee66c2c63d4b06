"""Every code of a finding, with what it means. Codes are stable: scripts and people look for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: What a file says is not of the language, or names what is not there. The loader finds it.
FORM: Mapping[str, str] = MappingProxyType(
    {
        "bad-yaml": "the file is no YAML",
        "bad-character": "a character that cannot stand in a definition",
        "bad-key": "a key is not one word or one quoted text",
        "bad-number": "a number that is too large or no number",
        "not-utf8": "the file is not UTF-8",
        "too-large": "the file is larger, deeper or longer than a definition may be",
        "second-document": "a file is one YAML document",
        "duplicate-key": "a key stands twice in one mapping",
        "alias": "aliases are not part of the language",
        "anchor": "anchors are not part of the language",
        "tag": "tags are not part of the language",
        "merge-key": "`<<` is not part of the language",
        "empty-file": "the file defines nothing",
        "file-name": "a definition file ends with .yaml, and its stem is the name of the type",
        "unreadable": "the file or directory cannot be read",
        "too-many-problems": "the rest of the file was not checked",
        "unknown-key": "there is no such keyword here",
        "missing-key": "a keyword is missing; of a state that runs a command, one of `then`, `else` and `within`",
        "wrong-type": "the value of a keyword is of another kind",
        "wrong-value": "the value of a keyword is none of those that are possible",
        "keyword-not-applicable": "the keyword means nothing here",
        "bad-name": "not a name: lower-case letters, digits and underscores",
        "reserved-name": "the API or the rule language uses this name itself",
        "name-taken": "another thing of the type has this name",
        "prefix-taken": "another type has this `id_prefix`",
        "unknown-name": "there is no attribute, relationship, transition or the like of this name",
        "unknown-type": "there is no resource type of this name",
        "unknown-state": "there is no state of this name",
        "unknown-transition": "there is no transition of this name",
        "bad-rule": "a rule that cannot be understood, at the character where it goes wrong",
        "bad-pattern": "not a regular expression of both Python and ECMA 262",
        "bad-schema": "not a JSON Schema, or one that refers to others",
        "bad-default": "the default is no value of the attribute, or describes no row",
        "min-above-max": "no value fits between the bounds",
        "two-defaults": "a value has two sources",
        "null-default": "a required attribute is null by default",
        "required-by-system": "only the system sets it, and it is missing at creation",
        "required-set-null": "a required relationship cannot be emptied",
        "computed-cycle": "an attribute is computed from itself",
        "no-owner": "nobody owns rows of this type",
        "bad-owner": "the owner is not of the type whose rows are the users",
        "owner-keyword": "the owner is set from the caller, so the keyword means nothing",
        "identity-owner": "users own themselves",
        "no-identity": "no type says `identity: true`",
        "second-identity": "two types say `identity: true`",
        "not-identity": "only for the type whose rows are the users",
        "no-limits": "nothing says how much a user may have",
        "no-token": "a credential needs an attribute of the type `token`",
        "second-token": "a type has one token at most",
        "second-credential": "two types let people in the same way",
        "order-of-hidden": "the default order tells of an attribute that is hidden",
        "reverse-of-hidden": "the other end of a relationship tells of what is hidden",
        "cascade-skips-lifecycle": "a cascade would remove rows without the command that clears up after them",
        "failure-not-json": "failures are kept in an attribute of the type json",
        "run-without-outcome": "nothing says where the outcome of a transition's command leads",
        "leaves-final-state": "something leads out of a state that is final",
        "gone-not-final": "rows would leave a state that nobody can see",
        "delete-never-gone": "`delete` does not lead on to a state with `gone: true`",
        "timer-cannot-fire": "the transition of a timer does not start from its state",
        "contradiction": "one action stands under `can` and under `cannot`",
        "unknown-command": "no function is registered for a `run`",
        "unknown-read": "no function is registered for a read",
        "unknown-check": "no function is registered for a `check`",
        "unused-command": "a registered handler that no definition names",
        "unused-read": "a registered read that no definition names",
        "unused-check": "a registered checker that no definition names",
    }
)

#: What can never happen, or always goes wrong, though each word of the file is right.
MEANING: Mapping[str, str] = MappingProxyType(
    {
        "unreachable-state": "no way leads to the state from the initial one",
        "trap-state": "nothing leads out of the state, and it is not `final`",
        "never-rests": "from the state every way leads to another command or timer, for ever",
        "endless-commands": "outcomes alone, or timers without a delay, lead from the state back to it",
        "lifecycle-unsound": "python-statemachine, the second opinion, refuses the lifecycle",
        "by-never-holds": "the rule `by` of a transition is true for nobody, in none of the states it starts from",
        "guard-never-holds": "a condition under `needs` is true in none of the states the transition starts from",
        "guards-contradict": "a condition under `needs` leaves nothing together with those before it",
        "never-fires": "who may fire the transition never sees such a row, or never meets its conditions",
        "source-never-fires": "the transition can be fired, but not from this state that it names",
        "timer-never-fires": "the transition of a timer needs what is never true without a caller and inputs",
        "stuck-state": "a state at rest that nobody, and no worker, can move a row out of",
        "only-system-moves": "a state at rest that only a worker moves a row out of, and in which nobody can remove it",
        "delete-impossible": "there is a transition `delete`, and nobody can fire it in this state at rest",
        "access-never-holds": "a rule of `access`, or about an attribute, lets in nobody, and does not say so by `nobody`",
        "never-true": "a comparison with what a number, or a word, never is",
        "validation-never-holds": "no row meets the condition, or not together with those before it",
        "never-valid-at-first": "every new row that a person can make breaks the condition",
        "move-never-valid": "every row breaks a condition after the move, so it never happens",
        "example-fails": "an example says what the rules do not",
    }
)

#: What is worth a thought, and in order as it is. `hoster check --coverage` shows it.
HINTS: Mapping[str, str] = MappingProxyType(
    {
        "branch-not-shown": "no example lets anybody do something by this part of a rule",
        "refusal-not-shown": "no example shows whom the rule keeps out",
        "left-to-workers": "only a worker moves a row out of this state at rest; people can remove the row",
        "attempts-without-time": "`within` is over before all attempts of `retry` can have begun",
    }
)
