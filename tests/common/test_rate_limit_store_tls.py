"""TLS to the store of rate limits: its certificate must be valid, and for its name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.calls.rate_limit_store import RateLimitStore
from common.http.rate_limits import StoreUnavailable
from tests.common.conftest import probe_settings
from tests.store import PASSWORD, ValkeyServer, running_store


def certificate(folder: Path, name: x509.GeneralName) -> Path:
    """A new self-signed certificate for a name, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    us, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "store")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(us, us, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "store.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return path


@asynccontextmanager
async def behind_tls(server: ValkeyServer, cert: Path) -> AsyncIterator[int]:
    """Forwards connections with TLS to the server; yields the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert)

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            target.write(data)
        target.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)

    proxy = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context)
    yield proxy.sockets[0].getsockname()[1]
    proxy.close()


@pytest.mark.parametrize(
    ("trusted", "name", "counts"),
    [
        (True, x509.IPAddress(IPv4Address("127.0.0.1")), True),
        (False, x509.IPAddress(IPv4Address("127.0.0.1")), False),
        (True, x509.DNSName("another.example"), False),
    ],
)
async def test_the_certificate_must_be_valid_and_for_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool, name: x509.GeneralName, counts: bool
) -> None:
    cert = certificate(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with running_store() as server:
        async with behind_tls(server, cert) as port:
            settings = probe_settings(
                rate_limit_store=f"valkeys://127.0.0.1:{port}", rate_limit_store_password=PASSWORD, breaker_failures=50
            )
            store = RateLimitStore.of(settings, "probe")
            if counts:
                assert await store.hit("general", "a", 60) == (1, 60)
            else:
                with pytest.raises(StoreUnavailable):
                    await store.hit("general", "a", 60)
                assert server.admin.keys() == []
            await store.close()
