"""Reads numbers from a service's `/metrics`."""

from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families


async def sample(url: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels, from the service's own address (not through the gateway)."""
    async with AsyncClient(base_url=url, timeout=5, trust_env=False) as service:
        reply = await service.get("/metrics")
    return total(reply.text, name, **labels)


def total(exposition: str, name: str, **labels: str) -> float:
    """The same, from a text that was read before; 0.0 without such a sample."""
    return sum(
        one.value
        for family in text_string_to_metric_families(exposition)
        for one in family.samples
        if one.name == name and labels.items() <= one.labels.items()
    )
