"""Signed tokens of somebody else: every way to forge, outlive or misdirect one."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.errors import HosterError, Unauthenticated
from engine.identity.jwt import LEEWAY, SignedTokens
from engine.identity.keys import AGAIN, LASTS, KeySet, UnusableKey, public_key, read_key_set
from engine.secrets import Secret
from tests.identity.desk import AUTH, JSON_API, SECRET, Clock, code, desk, me, note
from tests.support import System, shut

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
NOW = Clock().at
CLAIMS = {"sub": "u-1", "exp": NOW + 600, "iss": "https://id.test", "aud": "hoster"}


def pem(key: Any) -> bytes:
    """The public half."""
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def part(content: object) -> str:
    """A part of a token, made by hand."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def by_hand(header: object, claims: object, key: bytes | None = None) -> str:
    """A token that no honest library would make; signed by HMAC, or not at all."""
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(hmac.digest(key, text.encode(), hashlib.sha256)) if key else ''}"


async def trusting(tmp_path: Path, clock: Clock | None = None, **settings: Any) -> System:
    """A system that trusts one issuer for one audience."""
    given = {"auth_jwt_issuer": "https://id.test", "auth_jwt_audience": "hoster", **settings}
    return await desk(tmp_path, clock, **given)


def with_key(tmp_path: Path, key: Any) -> dict[str, Any]:
    """The settings for a public key."""
    file = tmp_path / "key.pem"
    file.write_bytes(pem(key))
    return {"auth_jwt_public_key": file}


async def refused(running: System, token: str | bytes) -> bool:
    """Whether a token lets nobody in, by any route."""
    header = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
    answer = await running.client.get(f"{AUTH}/me", headers=[(b"authorization", header)])
    listed = await running.client.get("/api/v1/plans", headers=[(b"authorization", header)])
    if answer.status_code != 401:
        return False
    assert code(answer) == code(listed) == (401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    return running.store.database.read("SELECT count(*) FROM users") == [(0,)]


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (CURVE, "ES256"), (EDWARDS, "EdDSA"), (None, "HS256")]
)
async def test_a_good_token_makes_its_subject_a_user(tmp_path: Path, key: Any, algorithm: str) -> None:
    settings = with_key(tmp_path, key) if key else {"auth_jwt_secret": Secret(SECRET)}
    running = await trusting(tmp_path, **settings)
    token = jwt.encode(CLAIMS, key or SECRET, algorithm)
    who = await me(running.client, authorization=f"Bearer {token}")
    assert who is not None
    assert (
        await me(running.client, authorization=f"Bearer {jwt.encode(CLAIMS | {'exp': NOW + 60}, key or SECRET, algorithm)}")
        == who
    )
    made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | {"authorization": f"Bearer {token}"})
    assert made.json()["data"]["relationships"]["owner"]["data"]["id"] == who
    assert running.store.database.read("SELECT id FROM _externals") == [("jwt/u-1",)]
    await shut(running)


BAD_CLAIMS = [
    {"exp": NOW - LEEWAY}, {"exp": None}, {"exp": "soon"}, {"exp": True}, {"exp": float("inf")}, {"exp": -1}, {"exp": 10**400},
    {"exp": [NOW + 600]}, {"nbf": NOW + LEEWAY + 1},
    {"nbf": "later"}, {"iat": NOW + LEEWAY + 1}, {"iss": "https://evil.test"}, {"iss": None},
    {"iss": ["https://id.test"]}, {"aud": "others"}, {"aud": None}, {"aud": ["a", "b"]}, {"aud": {"hoster": 1}}, {"sub": None},
    {"sub": ""}, {"sub": 7}, {"sub": ["u-1"]}, {"sub": "x" * 256}, {"sub": "a\nb"}, {"sub": "a\x00b"},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_CLAIMS)
async def test_a_token_with_wrong_claims_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    running = await trusting(tmp_path, auth_jwt_secret=Secret(SECRET))
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    assert await refused(running, by_hand({"alg": "HS256", "typ": "JWT"}, claims, SECRET.encode()))
    await shut(running)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 7, "HS384", "HS512"])
async def test_a_token_cannot_choose_how_it_is_verified(tmp_path: Path, algorithm: object) -> None:
    running = await trusting(tmp_path, auth_jwt_secret=Secret(SECRET))
    for key in (None, b"", SECRET.encode()):
        assert await refused(running, by_hand({"alg": algorithm, "typ": "JWT"}, CLAIMS, key))
    assert await refused(running, by_hand({"typ": "JWT"}, CLAIMS, SECRET.encode()))
    await shut(running)


@pytest.mark.parametrize("key", [RSA, CURVE, EDWARDS])
async def test_a_public_key_is_no_shared_secret(tmp_path: Path, key: Any) -> None:
    running = await trusting(tmp_path, **with_key(tmp_path, key))
    public = pem(key)
    for secret in (public, public.strip(), public.replace(b"\n", b"\r\n"), public + b"\n"):
        assert await refused(running, by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS, secret))
    for algorithm in ("none", "RS256", "ES256", "EdDSA"):
        assert await refused(running, by_hand({"alg": algorithm}, CLAIMS))
    await shut(running)


async def test_a_token_brings_no_key_of_its_own(tmp_path: Path) -> None:
    running = await trusting(tmp_path, **with_key(tmp_path, RSA))
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_RSA.public_key()))
    for header in (
        {"jwk": own},
        {"jku": "https://evil.test/keys"},
        {"x5u": "https://evil.test/cert"},
        {"kid": "../../dev/null"},
    ):
        assert await refused(running, jwt.encode(CLAIMS, OTHER_RSA, "RS256", headers=header))
    await shut(running)


async def test_a_token_that_was_changed_or_is_none_is_refused(tmp_path: Path) -> None:
    running = await trusting(tmp_path, **with_key(tmp_path, RSA))
    good = jwt.encode(CLAIMS, RSA, "RS256")
    header, claims, signature = good.split(".")
    tries = (
        f"{header}.{part(CLAIMS | {'sub': 'u-2'})}.{signature}",
        f"{part({'alg': 'RS512'})}.{claims}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        "..", ".", "...", "a.b.c", f"{part([])}.{claims}.{signature}", f"{part(b'{')}.{claims}.{signature}",
        f"{part({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.{claims}.{signature}",
        f"{part(b'[' * 5000)}.{claims}.{signature}",
        f"{header}.{claims}.{signature}" + "A" * 9000,
        good.replace(".", ".\u00e9"),
    )  # fmt: skip
    for token in tries:
        assert await refused(running, token.encode("latin-1")), token[:60]
    assert await me(running.client, authorization=f"Bearer {good}") is not None
    await shut(running)


async def test_a_token_counts_until_it_ends_also_when_it_is_remembered(tmp_path: Path) -> None:
    clock = Clock()
    running = await trusting(tmp_path, clock, auth_jwt_secret=Secret(SECRET))
    token = jwt.encode(CLAIMS, SECRET, "HS256")
    for _ in range(3):
        assert await me(running.client, authorization=f"Bearer {token}") is not None
    clock.at = CLAIMS["exp"] + LEEWAY
    assert code(await running.client.get(f"{AUTH}/me", headers={"authorization": f"Bearer {token}"})) == (401, "invalid_token")
    await shut(running)


async def test_without_an_audience_a_token_that_names_one_is_for_somebody_else(tmp_path: Path) -> None:
    running = await desk(tmp_path, auth_jwt_secret=Secret(SECRET))
    assert await refused(running, jwt.encode(CLAIMS, SECRET, "HS256"))
    unnamed = {name: value for name, value in CLAIMS.items() if name != "aud"}
    assert await me(running.client, authorization=f"Bearer {jwt.encode(unnamed, SECRET, 'HS256')}") is not None
    await shut(running)


async def test_users_of_a_gateway_and_of_an_issuer_are_the_same_only_where_that_is_said(tmp_path: Path) -> None:
    token = {"authorization": f"Bearer {jwt.encode(CLAIMS | {'uid': 'u-1'}, SECRET, 'HS256')}"}
    proof = "another-secret-0123456789-of-the-gateway"
    for source, same in (("jwt", False), ("gateway", True)):
        running = await trusting(
            tmp_path / source,
            auth_jwt_secret=Secret(SECRET),
            auth_shared_secret=Secret(proof),
            auth_jwt_source=source,
            auth_jwt_claim="uid",
        )
        by_gateway = await me(running.client, x_user_id="u-1", x_apigate_secret=proof)
        assert (await me(running.client, **token) == by_gateway) is same
        await shut(running)


def test_two_keys_and_keys_that_are_none_are_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  that is the point
    for content in (b"", b"no key", pem(weak), pem(ec.generate_private_key(ec.SECP256K1()))):
        file.write_bytes(content)
        with pytest.raises(UnusableKey):
            public_key(file)
    with pytest.raises(UnusableKey):
        public_key(tmp_path / "missing.pem")


async def test_a_second_kind_of_key_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(HosterError, match="one of"):
        await trusting(tmp_path, auth_jwt_secret=Secret(SECRET), auth_jwt_key_set="https://id.test/keys")


# Key sets


def entry(key: Any, kid: str | None = "one", **more: Any) -> dict[str, Any]:
    """A key of a set."""
    algorithm: Any = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    named = {} if kid is None else {"kid": kid}
    return {**json.loads(algorithm.to_jwk(key.public_key())), **named, **more}


class Issuer:
    """Serves a key set and counts who asks."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries)
        self.asked = 0
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json={"keys": self.entries})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer()

    def tokens(self, clock: Clock) -> SignedTokens:
        """What verifies by it."""
        keys = KeySet("https://id.test/keys", clock, httpx.MockTransport(self))
        return SignedTokens(keys, clock, issuer="https://id.test", audience="hoster", claim="sub", source="jwt")


def signed(key: Any = RSA, kid: str | None = "one", algorithm: str = "RS256") -> bytes:
    """A good token."""
    return jwt.encode(CLAIMS, key, algorithm, headers=None if kid is None else {"kid": kid}).encode()


async def test_a_key_set_is_fetched_when_it_is_needed_and_again_for_an_unknown_key_once_a_minute() -> None:
    clock, issuer = Clock(), Issuer(entry(RSA))
    tokens = issuer.tokens(clock)
    assert tokens.verify(signed()) is None, "it has to be asked for"
    assert (await tokens.verify_later(signed())).subject == "u-1"
    assert tokens.verify(signed()) is not None
    issuer.entries.append(entry(OTHER_RSA, "two"))
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await tokens.verify_later(signed(OTHER_RSA, "two"))
    assert issuer.asked == 1
    clock.at += AGAIN
    for _ in range(5):
        assert (await tokens.verify_later(signed(OTHER_RSA, "two"))).subject == "u-1"
    assert issuer.asked == 2
    assert tokens.verify(signed()) is not None


async def test_who_comes_while_a_key_set_is_asked_for_waits_for_it() -> None:
    issuer = Issuer(entry(RSA))
    tokens, asked, answered = issuer.tokens(Clock()), asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        asked.set()
        await answered.wait()
        return issuer(request)

    tokens._keys._transport = httpx.MockTransport(slow)
    first = asyncio.create_task(tokens.verify_later(signed()))
    await asked.wait()
    others = [asyncio.create_task(tokens.verify_later(signed())) for _ in range(3)]
    assert tokens.verify(signed()) is None, "it is being asked for"
    answered.set()
    assert [each.subject for each in await asyncio.gather(first, *others)] == ["u-1"] * 4
    assert issuer.asked == 1


async def test_a_key_that_was_taken_out_of_a_set_is_good_no_longer_than_an_hour() -> None:
    clock, issuer = Clock(), Issuer(entry(RSA))
    tokens = issuer.tokens(clock)
    lasting = jwt.encode({**CLAIMS, "exp": NOW + 2 * LASTS}, RSA, "RS256", headers={"kid": "one"}).encode()
    await tokens.verify_later(lasting)
    issuer.entries = [entry(OTHER_RSA, "two")]
    clock.at += LASTS - 1
    assert tokens.verify(lasting) is not None
    clock.at += 1
    with pytest.raises(Unauthenticated):
        await tokens.verify_later(lasting)
    assert issuer.asked == 2
    issuer.answer = lambda: httpx.Response(500)
    clock.at += LASTS
    other = jwt.encode({**CLAIMS, "exp": clock.at + 60}, OTHER_RSA, "RS256", headers={"kid": "two"}).encode()
    assert (await tokens.verify_later(other)).subject == "u-1", "an issuer that does not answer has taken nothing back"


async def test_a_token_is_verified_again_after_a_while(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [entry(RSA)]}))
    running = await trusting(tmp_path, auth_jwt_key_set=str(file))
    token = jwt.encode({**CLAIMS, "exp": NOW + 2 * LASTS}, RSA, "RS256", headers={"kid": "one"})
    assert await me(running.client, authorization=f"Bearer {token}") is not None
    assert await me(running.client, authorization=f"Bearer {token}") is not None
    file.write_text(json.dumps({"keys": []}))
    clock = running.store.ambient
    assert isinstance(clock, Clock)
    clock.at += LASTS
    assert code(await running.client.get(f"{AUTH}/me", headers={"authorization": f"Bearer {token}"})) == (401, "invalid_token")
    await shut(running)


async def test_of_a_key_set_only_public_signature_keys_count() -> None:
    clock = Clock()
    symmetric = {"kty": "oct", "kid": "one", "k": part(SECRET.encode()), "alg": "HS256"}
    issuer = Issuer(
        symmetric, entry(RSA, "enc", use="enc"), entry(RSA, "ps", alg="PS256"), entry(CURVE, "ec"), {}, {"kty": "RSA"}
    )
    tokens = issuer.tokens(clock)
    assert (await tokens.verify_later(signed(CURVE, "ec", "ES256"))).subject == "u-1"
    assert (await tokens.verify_later(signed(RSA, "ps", "PS256"))).subject == "u-1"
    bad = (
        by_hand({"alg": "HS256", "kid": "one"}, CLAIMS, SECRET.encode()).encode(),
        by_hand({"alg": "none", "kid": "ec"}, CLAIMS).encode(),
        signed(RSA, "enc"), signed(RSA, "ps", "RS256"), signed(RSA, "ec"),
    )  # fmt: skip
    for token in bad:
        with pytest.raises(Unauthenticated):
            await tokens.verify_later(token)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500), httpx.Response(302, headers={"location": "https://evil.test/"}), httpx.Response(200, content=b"{"),
        httpx.Response(200, json=[]), httpx.Response(200, json={"keys": 7}), httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, content=b" " * 300_000),
    ],
)  # fmt: skip
async def test_a_key_set_that_cannot_be_had_lets_nobody_in_and_keeps_what_was_had(answer: httpx.Response) -> None:
    clock, issuer = Clock(), Issuer(entry(RSA))
    tokens = issuer.tokens(clock)
    await tokens.verify_later(signed())
    clock.at += AGAIN
    issuer.answer = lambda: answer
    with pytest.raises(Unauthenticated):
        await tokens.verify_later(signed(OTHER_RSA, "two"))
    assert issuer.asked == 2
    assert tokens.verify(signed()) is not None


async def test_a_key_set_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [entry(RSA, None)]}))
    running = await trusting(tmp_path, auth_jwt_key_set=str(file))
    assert await me(running.client, authorization=f"Bearer {signed(RSA, None).decode()}") is not None
    await shut(running)


def test_a_key_set_of_many_keys_is_read_as_far_as_its_bound() -> None:
    content = json.dumps({"keys": [entry(RSA, str(number)) for number in range(200)]}).encode()
    assert len(read_key_set(content)) == 100
