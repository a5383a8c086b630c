"""A stub of the collector, and apps on real sockets that send their spans to it."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.spans import TRACER
from tests.conftest import Cloner
from tests.peers import Peers
from tests.servers import listening
from tests.waiting import GENEROUS


@dataclass
class Collector:
    """Accepts spans by OTLP/HTTP. If `answers` is cleared, it accepts connections but never answers."""

    url: str
    spans: dict[str, list[Any]] = field(default_factory=dict)
    answers: threading.Event = field(default_factory=threading.Event)

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans.setdefault(names["service.name"], []).extend(scope.spans)

    def texts(self) -> list[str]:
        """All that the spans say: names, attributes, events and descriptions."""
        parts = [part for found in self.spans.values() for span in found for part in (span, *span.links, *span.events)]
        named = [getattr(part, "name", "") for part in parts]
        said = [str(value) for part in parts for value in attributes(part).values()]
        return [*named, *said, *(span.status.message for found in self.spans.values() for span in found)]


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if not collector.answers.wait(20):
                return
            assert self.path == "/v1/traces"
            collector.take(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Checks that stderr is empty."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    collector.answers.set()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.answers.set()
    server.shutdown()
    server.server_close()


@contextmanager
def recording() -> Iterator[InMemorySpanExporter]:
    """Traces the block, as a background loop of a service that has traces."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    token = TRACER.set(provider.get_tracer("test"))
    yield exporter
    TRACER.reset(token)


@dataclass
class Outside(Peers):
    """auth is a stub, users is called over HTTP."""

    users_port: int = 9  # nothing listens there

    def __post_init__(self) -> None:
        super().__init__()
        self.wire = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.port == self.users_port:
            return await self.wire.handle_async_request(request)
        return await super().handle_async_request(request)

    async def aclose(self) -> None:
        await self.wire.aclose()

    def answer(self, path: str, params: httpx.QueryParams) -> tuple[int, Any]:
        if path == "/auth/token":
            token = self.issuer.service("posts", "users")["Authorization"].removeprefix("Bearer ")
            return 200, {"access_token": token, "expires_in": 300}
        return super().answer(path, params)


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{port}"
    async with (
        listening(uvicorn.Config(app, port=port, log_config=None, access_log=False)),
        httpx.AsyncClient(base_url=base, trust_env=False, timeout=GENEROUS) as client,
    ):
        await app.state.revoked.read()
        yield client


async def app_of(
    service: str, database_of: Cloner, peers: Outside, endpoint: str | None, **settings: object
) -> FastAPI:
    own = {"client_secret": secrets.token_urlsafe(32), "relay": False, "otel_exporter_otlp_endpoint": endpoint}
    urls = {"users_url": f"http://127.0.0.1:{peers.users_port}"}
    found = {**await database_of(service), **own, **urls, **settings}
    app: FastAPI = import_module(f"{service}.main").create_app(
        import_module(f"{service}.config").Settings.model_validate(found), peers
    )
    return app


def attributes(one: Any) -> dict[str, Any]:
    """The attributes of a span or a link, as plain values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in one.attributes}


async def spans_sent(*apps: FastAPI) -> None:
    for app in apps:
        await asyncio.to_thread(app.state.tracer.force_flush)
        await asyncio.to_thread(app.state.tracer.shutdown)
