"""Settings of the limits of calls."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from common.calls.http_pool import http_pool
from common.calls.service_client import ServiceClient
from common.settings import ServiceSettings
from common.tokens.service_tokens import ServiceTokens
from tests.common.calls import SECRET, call_settings


def test_times_are_seconds_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": "postgresql://a@h/d", "DATABASE_PASSWORD": "0123456789" * 4}
    for name, value in (given | {"CALL_DEADLINE": "1.5", "BREAKER_PAUSE": "PT3S"}).items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings.model_validate({})
    assert (settings.call_deadline, settings.breaker_pause) == (timedelta(seconds=1.5), timedelta(seconds=3))


@pytest.mark.parametrize(
    "wrong",
    [
        {"call_deadline": "-1"},
        {"call_deadline": "soon"},
        {"retry_share": 2},
        {"calls_per_peer": 0},
        {"calls_per_peer": 22, "call_pool_size": 64},
    ],
)
def test_limits_that_make_no_sense_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        call_settings(**wrong)


async def test_every_limit_of_a_client_comes_from_the_settings() -> None:
    settings = call_settings(call_deadline=3, calls_per_peer=7, breaker_failures=1, breaker_pause=9, retry_share=1)
    async with http_pool(settings) as http:
        tokens = ServiceTokens(http, "http://auth.test", "svc:posts", SECRET)
        client = ServiceClient.to("users", "http://users.test", http=http, tokens=tokens, settings=settings)
    assert client.deadline == 3
    assert client.slots._value == 7
    client.breaker.failed()
    assert 8 < client.breaker.opens_in <= 9
    client.retries.earn()
    assert client.retries.spend()
