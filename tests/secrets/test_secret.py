"""A secret does not show itself, whatever is done to it."""

from __future__ import annotations

import copy
import json
import pickle

import orjson
import pytest

from engine.secrets import MASK, Secret

TEXT = "correct-horse-battery-staple"


def test_a_secret_comes_out_by_reveal_alone() -> None:
    secret = Secret(TEXT)
    assert secret.reveal() == TEXT
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{secret:.3}",
        "%s" % secret,  # noqa: UP031 - the old way of formatting is what logging does
        repr({"a": [secret]}),
    ):
        assert TEXT[:3] not in shown
        assert MASK[:3] in shown


def test_a_mask_does_not_tell_how_long_the_text_is() -> None:
    assert str(Secret("a")) == str(Secret("a" * 100)) == MASK


def test_a_secret_is_not_serialised() -> None:
    for serialise in (json.dumps, orjson.dumps, pickle.dumps):
        with pytest.raises(TypeError) as refused:
            serialise(Secret(TEXT))
        assert TEXT not in str(refused.value)


def test_a_secret_has_no_attributes_to_look_through() -> None:
    with pytest.raises(TypeError):
        vars(Secret(TEXT))


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT + "x")
    assert Secret("\ud800") != Secret("\ud801")
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))


def test_a_secret_equals_no_text() -> None:
    assert Secret(TEXT) != TEXT


def test_a_copy_of_a_secret_is_the_secret() -> None:
    secret = Secret(TEXT)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"key": secret})["key"] is secret
