"""Stubs of the services with their command lines, to test only the runner."""

from pathlib import Path

from deploy.services import SERVICES

STUB = """
import http.client, os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if sys.argv[1] == "migrate":
    open(os.environ["OWNER_DATABASE_PASSWORD_FILE"]).read()
    sys.exit(os.environ.get("STUB_MIGRATION_ERROR"))
if os.environ.get("STUB_DIES") == os.environ["DATABASE_URL"].rpartition("/")[2]:
    sys.exit("KEY_ENCRYPTION_KEY is missing")

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        lacks = os.environ.get("STUB_LACKS", "/nowhere")
        if self.path == "/readyz" and os.path.exists(lacks):
            self.send_response(503)
            self.end_headers()
            self.wfile.write(open(lacks, "rb").read())
            return
        seen = [self.headers.get(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Deadline-Ms")]
        body = " ".join([self.path, *filter(None, seen)]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def end(*_):
    if port := os.environ.get("STUB_ASKS_AT_ITS_END"):
        time.sleep(0.5)  # longer than the console needs to stop
        console = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
        console.request("GET", "/healthz")
        print("at its end:", console.getresponse().status, flush=True)
    os._exit(0)

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, end)
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Answer).serve_forever()
"""


def write_stubs(folder: Path) -> Path:
    """Write a package for each service, which comes before the real ones on PYTHONPATH."""
    for service in SERVICES:
        (folder / service).mkdir(parents=True)
        (folder / service / "__init__.py").touch()
        (folder / service / "__main__.py").write_text(STUB)
    return folder
