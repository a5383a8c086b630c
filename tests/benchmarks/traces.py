"""What traces cost: the speed with them as a ratio to the speed without.

`all` has the default settings, `tenth` samples a tenth of the requests, both within the default of TRACES_PER_SECOND;
`tenth_unlimited` has no such limit. Each round has new processes: two processes of the same settings differ by up to a
tenth, all their life.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from deploy.local.errors import StackError
from tests.benchmarks.house import House
from tests.benchmarks.load import Load, median_ratio

TENTH: Final = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
UNLIMITED: Final = {"TRACES_PER_SECOND": "inf"}
SETTINGS: Final = {"OTEL_EXPORTER_OTLP_ENDPOINT", *TENTH, *UNLIMITED}


class Discard(BaseHTTPRequestHandler):
    """Takes spans by OTLP/HTTP, and reads none."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def collector() -> Iterator[dict[str, str]]:
    """A collector; yields a service's settings for it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Discard)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
    finally:
        server.shutdown()
        server.server_close()


def measure_traces(house: House, loads: Mapping[str, Load], rounds: int, seconds: float) -> dict[str, Any]:
    if SETTINGS & os.environ.keys():
        raise StackError(f"{', '.join(sorted(SETTINGS & os.environ.keys()))}: set, but compared here")
    rates: dict[str, dict[str, list[float]]] = {name: {} for name in loads}
    with collector() as traced:
        tenth = {**traced, **TENTH}
        ways = [("off", {}), ("all", traced), ("tenth", tenth), ("tenth_unlimited", {**tenth, **UNLIMITED})]
        for _ in range(rounds):
            servers = {way: house.start_service("posts", way, **more) for way, more in ways}
            for name, load in loads.items():
                for way, found in load.rounds(servers, 1, seconds).items():
                    rates[name].setdefault(way, []).extend(found)
            for way in servers:
                house.stop(way)
            ways = [*ways[1:], ways[0]]  # the later one's table is longer
    ratios = {
        f"{name}_{way}_over_off": median_ratio(rate, way, "off")
        for name, rate in rates.items()
        for way in rate
        if way != "off"
    }
    return {"name": "traces", **ratios}
