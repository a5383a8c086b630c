"""What a provider gets to know with a request, and what the trail gets to know of the provider."""

from auth.config import Settings
from tests.auth.conftest import Connection
from tests.auth.identity_provider import IdentityProvider, browser_of, site, someone
from tests.auth.test_access_tokens import part
from tests.tracing import collecting


async def test_a_provider_learns_no_trace_and_gets_only_standard_headers(settings: Settings) -> None:
    idp = IdentityProvider(person=someone())
    with collecting() as collector:
        traced = {"otel_exporter_otlp_endpoint": collector.url}
        async with site(settings, idp, **traced) as app, browser_of(app, idp) as browser:
            await browser.sign_in()
    standard = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"}
    assert idp.headers - standard == {"authorization"}


async def test_the_trail_says_by_which_provider_somebody_came(settings: Settings, superuser: Connection) -> None:
    idp = IdentityProvider(person=someone())
    async with site(settings, idp) as app, browser_of(app, idp) as browser:
        account_id = int(part((await browser.sign_in())["access_token"], 1)["sub"])
    lines = "SELECT action, detail->>'via' FROM audit_events WHERE account_id = $1 ORDER BY id"
    found = [tuple(row) for row in await superuser.fetch(lines, account_id)]
    assert found == [("registered", "provider:idp"), ("signed-in", "provider:idp")]
