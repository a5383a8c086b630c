"""A server that answers with the request: `python echo.py NAME`. `X-Sleep` is how long it takes, in seconds."""

import json
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        time.sleep(float(self.headers.get("X-Sleep", 0)))
        said = json.dumps({"path": self.path, "headers": self.headers.items(), "bytes": size}).encode()
        self.send_response(200)
        self.send_header("X-Service", sys.argv[1])
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """The server looks for do_GET, do_POST, …"""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


ThreadingHTTPServer(("", 8000), Echo).serve_forever()
