"""What a provider gets to know with a request, beside the protocol."""

from auth.config import Settings
from tests.auth.identity_provider import IdentityProvider, browser_of, site, someone
from tests.tracing import collecting


async def test_a_provider_learns_no_trace_and_gets_only_standard_headers(settings: Settings) -> None:
    idp = IdentityProvider(person=someone())
    with collecting() as collector:
        traced = {"otel_exporter_otlp_endpoint": collector.url}
        async with site(settings, idp, **traced) as app, browser_of(app, idp) as browser:
            await browser.sign_in()
    standard = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"}
    assert idp.headers - standard == {"authorization"}
