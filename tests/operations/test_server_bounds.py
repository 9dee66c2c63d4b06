"""What a client may ask of the server before the application has a say: sizes, times, and one meaning for each request."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.operations.serving import Address, error, reply, served

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"


def head(size: int) -> bytes:
    """A request with one header of `size` bytes."""
    return b"GET /a HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * size + b"\r\n\r\n"


async def test_requests_are_answered_one_by_one_on_one_connection() -> None:
    async with served() as server:
        connection = await server.connect()
        for number in range(3):
            await connection.send(b"POST /%d HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabcde" % number)
            assert await connection.response() == (200, b"POST /%d 5" % number)


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    async with served() as server:
        _, read = await server.ask(GET * 20 + LAST)
        assert read.count(b"GET /a 0") == 20
        assert read.endswith(b"GET /last 0")


async def test_a_request_that_comes_byte_by_byte_is_answered() -> None:
    async with served() as server:
        connection = await server.connect()
        for byte in b"POST /slow HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            await connection.send(bytes([byte]))
        assert await connection.response() == (200, b"POST /slow 3")


@pytest.mark.parametrize("size", [33_000, 200_000])
async def test_a_head_that_is_too_large_is_refused(size: int) -> None:
    async with served() as server:
        status, read = await server.ask(head(size))
        assert status == 431
        assert error(read)["code"] == "head_too_large"
        assert "32768" in error(read)["detail"]


async def test_a_head_just_below_the_bound_is_read() -> None:
    async with served(head=4096) as server:
        connection = await server.connect()
        await connection.send(head(3900))
        assert await connection.response() == (200, b"GET /a 0")
        await connection.send(head(4200))
        assert (await connection.response())[0] == 431


async def test_an_address_that_is_too_long_is_refused() -> None:
    async with served() as server:
        status, _ = await server.ask(b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert status == 431


async def test_a_head_without_end_is_refused_while_it_comes() -> None:
    async with served() as server:
        connection = await server.connect()
        await connection.send(b"GET /a HTTP/1.1\r\nhost: x\r\n")
        for number in range(200):
            await connection.send(b"x-%d: " % number + b"a" * 1000 + b"\r\n")
        status, read = await connection.status_and_rest()
        assert status == 431
        assert error(read)["code"] == "head_too_large"


async def test_too_many_headers_are_refused() -> None:
    async with served(headers=100) as server:
        status, read = await server.ask(b"GET /a HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 100 + b"\r\n")
        assert status == 431
        assert "100 headers" in error(read)["detail"]


async def test_a_large_body_is_no_large_head() -> None:
    async with served() as server:
        connection = await server.connect()
        for _ in range(2):
            await connection.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n" + b"b" * 900_000)
            assert await connection.response() == (200, b"POST /a 900000")


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with served(head_seconds=0.05) as server:
        assert await (await server.connect()).rest() == b""


async def test_a_connection_of_blank_lines_is_closed_as_one_that_says_nothing() -> None:
    async with served(head_seconds=0.2) as server:
        connection = await server.connect()
        await connection.send(b"\r\n")
        assert await connection.rest() == b""


async def test_blank_lines_between_requests_keep_no_connection() -> None:
    async with served(keep_alive=1) as server:
        connection = await server.connect()
        await connection.send(b"\r\n" + GET)
        assert await connection.response() == (200, b"GET /a 0")
        await connection.send(b"\r\n")
        assert await connection.rest() == b""


async def test_a_request_that_began_before_the_answer_to_the_last_one_has_its_time() -> None:
    answering, begun = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await answering.wait()
        if scope["path"] == "/b":
            await asyncio.sleep(1.2)  # longer than a connection is kept without requests
        await reply(send, 200, scope["path"].encode())

    async with served(slow, keep_alive=1) as server:
        connection = await server.connect()
        await connection.send(GET + b"GET /b HTTP/1.1\r\nhost")
        await begun.wait()
        answering.set()
        assert await connection.response() == (200, b"/a")
        await connection.send(b": x\r\n\r\n")
        assert await connection.response() == (200, b"/b")


@pytest.mark.parametrize("begun", [b"G", b"GET /a HTTP/1.1\r\nhost: x\r\n"])
async def test_a_head_that_does_not_come_in_time_is_refused(begun: bytes) -> None:
    async with served(head_seconds=0.05) as server:
        status, read = await server.ask(begun)
        assert status == 408
        assert error(read)["code"] == "request_timeout"


async def test_a_head_that_drips_is_refused_in_the_same_time() -> None:
    async with served(head_seconds=0.2) as server:
        connection = await server.connect()
        began = time.monotonic()
        await connection.send(b"GET /a HTTP/1.1\r\nhost: x\r\nx-drip: ")
        drip = asyncio.create_task(dripping(connection))
        status, _ = await connection.status_and_rest()
        drip.cancel()
        assert status == 408
        assert time.monotonic() - began < 1.0


async def test_the_second_request_of_a_connection_has_the_same_bounds_of_time() -> None:
    async with served(head_seconds=0.05) as server:
        connection = await server.connect()
        await connection.send(GET)
        assert await connection.response() == (200, b"GET /a 0")
        await connection.send(b"GET /b HTTP/1.1\r\n")
        assert (await connection.status_and_rest())[0] == 408


async def test_a_body_that_stands_still_is_refused() -> None:
    async with served(stall_seconds=0.05) as server:
        status, read = await server.ask(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        assert status == 408
        assert "body" in error(read)["detail"]


async def test_a_body_that_drips_is_refused() -> None:
    async with served(stall_seconds=0.1) as server:
        connection = await server.connect()
        await connection.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        drip = asyncio.create_task(dripping(connection))
        status, _ = await connection.status_and_rest()
        drip.cancel()
        assert status == 408


async def test_a_body_made_of_form_is_refused() -> None:
    async with served() as server:
        connection = await server.connect()
        await connection.send(b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;x=")
        for _ in range(60):
            await connection.send(b"a" * 1000)
            await asyncio.sleep(0)
        status, _ = await connection.status_and_rest()
        assert status == 400


async def test_headers_after_the_body_are_bounded_and_are_no_headers() -> None:
    seen: list[Any] = []

    async def keep(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            continue
        seen.extend(name for name, _ in scope["headers"])
        await reply(send, 200, b"ok")

    async with served(keep) as server:
        connection = await server.connect()
        await connection.send(
            b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-user-id: root\r\n\r\n"
        )
        assert await connection.response() == (200, b"ok")
        assert b"x-user-id" not in seen
        assert b"host" in seen


async def test_time_that_the_application_takes_is_not_the_clients() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        size = 0
        while (message := await receive())["more_body"]:
            size += len(message["body"])
        await reply(send, 200, b"%d" % (size + len(message["body"])))

    async with served(slow, stall_seconds=0.05) as server:
        connection = await server.connect()
        await connection.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"b" * 200_000)
        asyncio.get_running_loop().call_later(0.3, go_on.set)
        await go_on.wait()
        await connection.send(b"b" * 100_000)
        assert await connection.response() == (200, b"300000")


async def test_what_is_sent_after_the_answer_may_not_go_on_for_ever() -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await reply(send, 413, b"too large")

    async with served(refuse, linger_seconds=0.1) as server:
        connection = await server.connect()
        await connection.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")
        assert await connection.response() == (413, b"too large")
        drip = asyncio.create_task(dripping(connection))
        async with asyncio.timeout(5):
            await drip


@pytest.mark.parametrize(
    "headers",
    [
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 5\r\ncontent-length: 5\r\n",
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: identity, chunked\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding: \x0bchunked\r\n",
        b"transfer-encoding:\r\n chunked\r\n",
        b"content-length: +5\r\n",
        b"content-length: -5\r\n",
        b"content-length: 5, 5\r\n",
        b"content-length: 0x5\r\n",
        b"content-length : 5\r\n",
        b"content-length: 99999999999999999999999\r\n",
        b"host: y\r\n",
        b"x-null: a\0b\r\n",
        b"x-bare: a\rb\r\n",
        b"no colon\r\n",
    ],
)
async def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(headers: bytes) -> None:
    async with served() as server:
        status, read = await server.ask(b"POST /a HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n0\r\n\r\n" + SMUGGLED)
        assert status == 400
        assert error(read)["code"] == "bad_request"
        assert b"/smuggled" not in read


@pytest.mark.parametrize(
    "request_",
    [b"GET /a HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
     b"GET /a HTTP/9.9\r\nhost: x\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nhost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
)  # fmt: skip
async def test_what_is_no_request_for_this_server_is_refused(request_: bytes) -> None:
    async with served() as server:
        status, read = await server.ask(request_)
        assert status == 400
        assert error(read)["code"] == "bad_request"


@pytest.mark.parametrize(
    "name", ["authorization", "Authorization", "x-csrf-token", "origin", "sec-fetch-site", "content-type", "idempotency-key"]
)
async def test_who_sends_a_request_and_what_is_said_once(name: str) -> None:
    """A proxy in front may have judged by the other one."""
    async with served() as server:
        twice = f"GET /a HTTP/1.1\r\nhost: x\r\n{name}: one\r\nx-between: 1\r\n{name.upper()}: two\r\n\r\n"
        status, read = await server.ask(twice.encode() + SMUGGLED)
        assert (status, error(read)["detail"]) == (400, f"The header {name.lower()} is given twice")
        assert b"smuggled" not in read
        status, _ = await server.ask(f"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{name}: one\r\n\r\n".encode())
        assert status == 200


async def test_an_older_client_needs_no_host() -> None:
    async with served() as server:
        assert (await server.ask(b"GET /a HTTP/1.0\r\n\r\n"))[0] == 200


async def test_an_upgrade_is_answered_as_a_request_and_ends_the_connection() -> None:
    async with served() as server:
        upgrade = b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
        status, read = await server.ask(upgrade + SMUGGLED)
        assert status == 200
        assert b"connection: close" in read
        assert b"/smuggled" not in read


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        await reply(send, 200, scope["path"].encode())

    async with served(slow) as server:
        connection = await server.connect()
        await connection.send(GET + b"nonsense\r\n\r\n")
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        status, read = await connection.status_and_rest()
        assert status == 200
        assert b"\r\n\r\n/aHTTP/1.1 400 " in read
        assert error(read)["status"] == "400"


async def test_more_requests_at_a_time_than_a_connection_may_have_are_refused_after_the_answers() -> None:
    async with served(pipeline=8) as server:
        status, read = await server.ask(GET * 100)
        assert status == 200
        assert 8 <= read.count(b"GET /a 0") <= 9
        assert error(read)["status"] == "400"


async def test_more_connections_than_there_may_be_are_refused_and_others_go_on() -> None:
    async with served(connections=2) as server:
        kept = [await server.connect() for _ in range(2)]
        for each in kept:
            await each.send(GET)
            assert (await each.response())[0] == 200
        status, read = await (await server.connect()).status_and_rest()
        assert status == 503
        assert b"retry-after: 1" in read
        await kept[0].send(GET)
        assert (await kept[0].response())[0] == 200


async def test_random_bytes_and_broken_requests_leave_the_server_well() -> None:
    async with served(head_seconds=0.05) as server:
        await asyncio.gather(*(broken(server, seed) for seed in range(60)))
        assert (await server.ask(LAST))[0] == 200


async def broken(server: Address, seed: int) -> None:
    """A request of which one byte is another."""
    request = bytearray(b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    request[seed % len(request)] = seed * 37 % 256
    connection = await server.connect()
    await connection.send(bytes(request))
    connection.writer.write_eof()
    await connection.rest()


async def dripping(connection: Any) -> None:
    """One byte at a time, until the server has gone."""
    while not connection.writer.is_closing() and not connection.reader.at_eof():
        connection.writer.write(b"1")
        await asyncio.sleep(0.005)
