#!/bin/sh
# httpcore's pool keeps a connection for ever if its request is cancelled while the connection is made.
#
# Version:   httpx 0.28.1, httpcore 1.0.9
# Behaviour: the connection stays NEW in the pool: it is connected, not used again, and never closed. After
#            `max_connections` of them, each request fails with PoolTimeout until the process is restarted.
# Output:    cancelled after 10 turns of the loop: no request can be made any more
# Seen on:   2026-11-29
# Known as:  encode/httpcore#1093 (open); mended in httpx2 by pydantic/httpx2#983
# Why here:  calls to other services end with their caller or deadline (guard: `common.calls.http_pool`). On a busy machine,
#            tests/common/test_service_client_cancellation.py found such a connection open after 90 s.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1 httpcore==1.0.9
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio
import contextlib
import sys

import httpx

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


async def serve(reader, writer):
    with contextlib.suppress(asyncio.CancelledError):  # at the end
        while await reader.readline():
            writer.write(GOOD)
            await reader.read(65536)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    limits = httpx.Limits(max_connections=15)
    for turns in range(40):  # of the loop, until the cancellation
        async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=httpx.Timeout(2, pool=0.5)) as client:
            asked = [asyncio.create_task(client.get(url)) for _ in range(15)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await asyncio.sleep(0.05)
            try:
                await client.get(url)
            except httpx.PoolTimeout:
                print(f"cancelled after {turns} turns of the loop: no request can be made any more")
                return
    sys.exit("every connection came back: this has changed")


asyncio.run(main())
PYTHON
