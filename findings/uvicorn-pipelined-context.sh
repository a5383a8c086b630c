#!/bin/sh
# A pipelined request on uvicorn starts with the context variables that the request before it has set.
#
# Version:   uvicorn 0.54.0, httptools 0.9.0, h11 0.16.0 (PyPI)
# Behaviour: each request sets a variable to its number and returns the number that it found. One request after the other
#            finds none. Two in one packet: the second one finds what the first one has set, since its task is made
#            while the first one sends. With reset_contextvars=True, off by default, it finds none.
# Output:    httptools: in turn None None, pipelined None 1, pipelined with reset_contextvars None None
#            h11: in turn None None, pipelined None 1, pipelined with reset_contextvars None None
# Seen on:   2026-11-30
# Why here:  the current trace is such a variable. A request that was not sampled got the trace of the one before: in its log
#            lines, and for its spans. Our server sets reset_contextvars.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import contextvars
import re
import socket
import sys
import threading
import time

import uvicorn

number = contextvars.ContextVar("number", default=None)
requests = 0


async def app(scope, receive, send):
    global requests
    if scope["type"] == "http":
        requests += 1
        found = number.get()
        number.set(requests)
        body = f"found {found};".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


def ask(http, packets, **options):
    global requests
    requests = 0
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=http, lifespan="off", log_config=None, **options))
    threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    text = b""
    with socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=5) as connection:
        for count, packet in enumerate(packets, 1):
            connection.sendall(packet)
            wanted = 2 if len(packets) == 1 else count
            while len(re.findall(rb"found \w+;", text)) < wanted:
                text += connection.recv(65536)
    server.should_exit = True
    return " ".join(re.findall(r"found (\w+);", text.decode()))


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
right = True
for http in ("httptools", "h11"):
    found = ask(http, [GET, GET]), ask(http, [GET + GET]), ask(http, [GET + GET], reset_contextvars=True)
    print(f"{http}: in turn {found[0]}, pipelined {found[1]}, pipelined with reset_contextvars {found[2]}")
    right = right and found == ("None None", "None 1", "None None")
sys.exit(not right)
PYTHON
