#!/bin/sh
# Each request of httpx searches all folders of packages for sniffio, several times, if that is not installed.
#
# Version:   httpx 0.28.1, httpcore 1.0.9, anyio 4.16.0
# Behaviour: httpcore makes its locks by what `import sniffio` says. anyio needed sniffio until 4.11, so it was always
#            there; a new environment has it no more. Python does not remember a failed import.
# Output:    at least 4 searches for sniffio in each request
# Seen on:   2026-11-29
# Why here:  a front end's own API makes up to three calls for a request; without the searches, a page of articles takes
#            a fifth less (guard: `common.calls.http_pool`).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1 httpcore==1.0.9 anyio==4.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import contextlib
import sys

import httpx

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
searches = []


class Watch:
    """Sees each search for a module, before Python's own finders, and finds nothing."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "sniffio":
            searches.append(name)


async def serve(reader, writer):
    with contextlib.suppress(asyncio.CancelledError):  # at the end
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(GOOD)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    sys.meta_path.insert(0, Watch)
    async with httpx.AsyncClient(trust_env=False) as client:
        counts = []
        for _ in range(20):
            searches.clear()
            await client.get(url)
            counts.append(len(searches))
    if not min(counts):
        sys.exit("a request without a search: this has changed")
    print(f"at least {min(counts)} searches for sniffio in each request")


asyncio.run(main())
PYTHON
