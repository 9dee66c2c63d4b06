"""The keywords of a lifecycle, of its states and of its transitions."""

from __future__ import annotations

from engine.loader.vocabulary.shapes import DURATION, FLAG, FUNCTION, NAME, RULE, TEXT, Schema, described, record, reference

LIFECYCLE: Schema = {
    "attribute": described(NAME, "The attribute that shows the state; default status. It is not declared under attributes"),
    "initial": described(NAME, "The state of a new row"),
    "failure": described(NAME, "The json attribute that receives why a command failed; default failure, where there is one"),
    "states": reference("states", "The states by name"),
    "transitions": reference("transitions", "The named moves between states"),
}

_RETRY: Schema = {
    **record(
        {
            "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How often it is tried in all"},
            "delay": described(DURATION, "The first pause; each further one is twice as long. Default 1s"),
            "max_delay": described(DURATION, "The longest pause. Default 60s"),
        }
    ),
    "type": ["integer", "object"],
    "minimum": 1,
    "maximum": 100,
    "description": "How a command is tried again when it fails for a passing reason; a number means so many attempts",
}

STATE: Schema = {
    "description": described(TEXT, "A sentence for people"),
    "tone": {
        "enum": ["neutral", "good", "busy", "warn", "bad"],
        "description": "How screens colour it; default busy for a state that runs a command, else neutral",
    },
    "run": described(FUNCTION, "The command that entering this state starts; then, else and within go with it"),
    "then": described(NAME, "The state that success leads to"),
    "else": described(NAME, "The state that failure, and running out of time, leads to"),
    "within": described(DURATION, "How long the command may take, with all its attempts"),
    "retry": _RETRY,
    "after": {
        "type": "object",
        "propertyNames": DURATION,
        "additionalProperties": {**NAME},
        "description": "Transitions that fire by themselves when a row has stayed that long, as {2d: escalate}",
    },
    "final": described(FLAG, "Whether nothing leads out of it"),
    "gone": described(FLAG, "Whether its rows answer as if they did not exist; only for a final state"),
    "was": described(NAME, "Its former name"),
}

TRANSITION: Schema = {
    "description": described(TEXT, "A sentence for people"),
    "from": {
        "type": ["string", "array"],
        "minLength": 1,
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "uniqueItems": True,
        "description": "The state or states it starts from; '*' means every state that is not final",
    },
    "to": described(NAME, "The state it leads to"),
    "needs": {
        "type": "object",
        "propertyNames": RULE,
        "additionalProperties": TEXT,
        "description": 'Conditions with the sentence for people when one is not met: {"node != null": Choose a node first}',
    },
    "inputs": reference("parameters", "What the caller may give along; rules see it as input.name"),
    "by": described(RULE, "Who may fire it: a word (owner, system, operator, known, public, nobody) or a rule; default owner"),
    "confirm": described(FLAG, "Whether screens ask again before they fire it"),
    "run": described(FUNCTION, "The command it starts instead of the one of the state it leads to"),
}
