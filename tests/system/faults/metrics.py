"""What a service's `/metrics` says, as numbers."""

from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families


async def sample(url: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels, at the service's own address (the gateway has none)."""
    async with AsyncClient(base_url=url, timeout=5, trust_env=False) as service:
        reply = await service.get("/metrics")
    return total(reply.text, name, **labels)


def total(exposition: str, name: str, **labels: str) -> float:
    """The same of a text that somebody has read already; 0.0 where there is no such sample."""
    return sum(
        one.value
        for family in text_string_to_metric_families(exposition)
        for one in family.samples
        if one.name == name and labels.items() <= one.labels.items()
    )
