#!/bin/sh
# uvicorn's limit_concurrency counts connections that send nothing.
#
# Version:   uvicorn 0.54.0 (PyPI)
# Behaviour: the documents say "maximum number of concurrent connections or tasks". With limit_concurrency=3, four idle
#            keep-alive connections make every request a 503, though no request is under way.
# Output:    four idle connections: 503 Service Unavailable
#            none: 200
# Seen on:   2026-11-28
# Why here:  gateways and clients keep idle connections on purpose. So we count requests under way ourselves, and refuse
#            those above the limit before their bodies are read.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q uvicorn==0.54.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

import uvicorn


async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def ask():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as reply:
            return reply.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
server = uvicorn.Server(uvicorn.Config(app, limit_concurrency=3, log_config=None))
threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True).start()
while not server.started:
    time.sleep(0.05)
idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
time.sleep(0.5)
full = ask()
for connection in idle:
    connection.close()
time.sleep(0.5)
free = ask()
print("four idle connections:", *full)
print("none:", free[0])
server.should_exit = True
sys.exit(not (full[0] == 503 and free[0] == 200))
PYTHON
