"""Which requests are traced, by the settings and by the caller's `traceparent`."""

import math
from collections import Counter
from typing import Any

import pytest

from common.observability.tracing import Budget, is_left_out, share_of_roots, tracer_of, tracer_provider
from common.settings import AppSettings
from common.spans import TRACER, background_span, sending
from tests.tracing import collecting

NO_LIMIT = Budget(math.inf)
ON, OFF = (f"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}" for flags in ("01", "00"))


def scope(traceparent: str | None = None, path: str = "/posts") -> dict[str, Any]:
    headers = [(b"host", b"posts"), *([] if traceparent is None else [(b"traceparent", traceparent.encode())])]
    return {"type": "http", "path": path, "headers": headers}


@pytest.mark.parametrize(
    ("sampler", "share", "roots"),
    [
        ("always_on", 0.1, 1.0),
        ("always_off", 0.1, 0.0),
        ("parentbased_always_on", 0.1, 1.0),
        ("parentbased_always_off", 0.1, 0.0),
        ("parentbased_traceidratio", 0.1, 0.1),
    ],
)
def test_the_sampler_chooses_a_share_of_roots(sampler: str, share: float, roots: float) -> None:
    settings = AppSettings.model_validate({"otel_traces_sampler": sampler, "otel_traces_sampler_arg": share})
    assert share_of_roots(settings) == roots


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_caller_decides_if_its_decision_counts(share: float) -> None:
    assert not is_left_out(scope(ON), share=share, by_parent=True, budget=NO_LIMIT)
    assert not is_left_out(scope(ON[:-2] + "03"), share=share, by_parent=True, budget=NO_LIMIT)
    assert is_left_out(scope(OFF), share=share, by_parent=True, budget=NO_LIMIT)
    for unknown in (None, "", "00-1-2-01", ON + "x", ON.upper()):
        assert is_left_out(scope(unknown), share=share, by_parent=True, budget=NO_LIMIT) == (share == 0), unknown


@pytest.mark.parametrize("traceparent", [None, ON, OFF])
def test_otherwise_the_caller_decides_nothing(traceparent: str | None) -> None:
    assert is_left_out(scope(traceparent), share=0.0, by_parent=False, budget=NO_LIMIT)
    assert not is_left_out(scope(traceparent), share=1.0, by_parent=False, budget=NO_LIMIT)


def test_about_the_share_is_traced() -> None:
    found = [is_left_out(scope(), share=0.25, by_parent=True, budget=NO_LIMIT) for _ in range(4000)]
    assert 700 < found.count(False) < 1300  # ten standard deviations


def test_probes_are_never_traced() -> None:
    assert is_left_out(scope(ON, "/livez"), share=1.0, by_parent=True, budget=NO_LIMIT)


def test_so_many_begin_in_a_second() -> None:
    now = 0.0
    budget = Budget(2, lambda: now)
    traced = []
    for hundredths in range(1000):
        now = hundredths / 100
        traced.append(not is_left_out(scope(), share=1.0, by_parent=True, budget=budget))
    assert traced[:2] == [True, True]  # a person's first clicks
    assert traced.count(True) == 21  # 9.99 s, and two at once before
    assert not is_left_out(scope(ON), share=1.0, by_parent=True, budget=budget)  # the caller has begun it


def test_background_work_has_a_limit_of_its_own_and_deliveries_of_traced_events_have_none() -> None:
    with collecting() as collector:
        settings = AppSettings.model_validate(
            {"otel_exporter_otlp_endpoint": collector.url, "traces_per_second": 0.001}
        )
        provider = tracer_provider("posts", settings)
        assert provider is not None
        token = TRACER.set(tracer_of(provider))
        for _ in range(3):
            with background_span("rotate signing keys"):
                pass
            for carried in (None, OFF, ON):
                with sending("users", ["author"], [carried]):
                    pass
        TRACER.reset(token)
        provider.shutdown()
    assert Counter(span.name for span in collector.spans["posts"]) == {"rotate signing keys": 1, "send author": 3}


def test_less_than_one_a_second_is_possible() -> None:
    now = 0.0
    budget = Budget(0.5, lambda: now)
    assert budget.take()
    now = 1.9
    assert not budget.take()
    now = 2.0
    assert budget.take()
