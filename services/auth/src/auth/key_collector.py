"""What `/metrics` tells of the signing keys."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from auth.services.keys import OwnKeys
from common.observability.metrics import MetricCollector
from common.tokens.known_keys import MOST_KEYS


def signing_keys(keys: OwnKeys) -> MetricCollector:
    """How many keys others need to know, and how many a key set has at most: then no rotation is possible for now."""

    async def collect() -> Iterable[Metric]:
        published = GaugeMetricFamily("signing_keys_published", "Next, active and lately retired.", keys.to_publish)
        limit = GaugeMetricFamily("signing_keys_limit", "The most that a key set has.", MOST_KEYS)
        return published, limit

    return collect
