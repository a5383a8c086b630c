"""Metrics of the signing keys."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from auth.services.signing_keys.key_ring import OwnKeys
from common.observability.metrics import MetricCollector
from common.tokens.known_keys import MOST_KEYS


def signing_keys(keys: OwnKeys) -> MetricCollector:
    """The number of published keys, and the limit of a key set. At the limit no rotation is possible."""

    async def collect() -> Iterable[Metric]:
        published = GaugeMetricFamily(
            "signing_keys_published", "Next, active and recently retired keys.", keys.to_publish
        )
        limit = GaugeMetricFamily("signing_keys_limit", "Most keys in a key set.", MOST_KEYS)
        return published, limit

    return collect
