"""Connections that search one after the other and check what comes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from tests.soak.model import Items, Plan, Query, wrong_with


@dataclass
class Seen:
    """What clients saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)


async def search_until(
    end: float, port: int, n_clients: int, plan: Plan, items: Items, times: np.ndarray
) -> Seen:
    """Search over so many connections at once until a second of the monotonic clock.

    Each asks once at least, however long the first took to get there.
    """
    seen = Seen()
    clients = [_client(end, port, number, plan, items, times, seen) for number in range(n_clients)]
    await asyncio.gather(*clients)
    return seen


async def _client(
    end: float, port: int, number: int, plan: Plan, items: Items, times: np.ndarray, seen: Seen
) -> None:
    rng = np.random.default_rng([plan.seed, number])
    connection, used, has_asked = None, False, False
    while not has_asked or time.monotonic() < end:
        has_asked = True
        query = Query(items, rng)
        start = time.monotonic()
        try:
            connection = connection or await asyncio.open_connection("127.0.0.1", port)
            status, answer = await _ask(*connection, query.arguments())
        except (OSError, asyncio.IncompleteReadError) as error:
            # A server may close a connection that waited for its next request (RFC 9112, 9.5).
            waited = isinstance(error, asyncio.IncompleteReadError) and not error.partial and used
            seen.statuses["closed while it waited" if waited else type(error).__name__] += 1
            connection, used = None, False
            await asyncio.sleep(0.1)
            continue
        used = True
        seen.statuses[str(status)] += 1
        seen.took_s.append(time.monotonic() - start)
        if status == 200:
            wrong = wrong_with(plan, items, times, query, answer["hits"], start)
            if wrong:
                seen.wrong.append(wrong)
    if connection:
        connection[1].close()
        await connection[1].wait_closed()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[str, object]
) -> tuple[int, dict]:
    """One request on an open connection: its status and body."""
    body = json.dumps(asked).encode()
    writer.write(
        b"POST /v1/collections/soak/search HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return int(head.split(" ", 2)[1]), json.loads(await reader.readexactly(length))
