"""Settings that must be equal for the gateway and the services, in each deployment (S-13, S-41)."""

import json
from pathlib import Path

import pytest
import yaml

from deploy.docker.compose import ROOT
from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.services import REGISTRY, STARTED

SHARED = ("CORS_ORIGINS", "EDGE_PROXIES")
OVERLAY = ROOT / "deploy" / "kubernetes" / "overlays" / "local"

PORTS = {"gateway": 8000, **{name: service.port for name, service in REGISTRY.items()}}


def test_in_containers_both_hops_have_one_setting() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name in SHARED:
        values = [services[service]["environment"][name] for service in ("gateway", *STARTED)]
        assert len(set(values)) == 1, name
        assert values[0].startswith(f"${{{name}:-")


def test_on_kubernetes_the_gateway_reads_the_services_own() -> None:
    (_, gateway) = yaml.safe_load_all((OVERLAY / "gateway.yaml").read_text())
    (container,) = gateway["spec"]["template"]["spec"]["containers"]
    found = {one["name"]: one["valueFrom"]["configMapKeyRef"] for one in container["env"] if "valueFrom" in one}
    assert found == {name: {"name": "trivium", "key": name} for name in SHARED}
    (shared, *_) = yaml.safe_load((OVERLAY / "kustomization.yaml").read_text())["configMapGenerator"]
    literals = dict(one.split("=", 1) for one in shared["literals"])
    assert set(SHARED) <= literals.keys()
    assert json.loads(literals["CORS_ORIGINS"]), "Caddy's rule needs a list"


@pytest.mark.parametrize("given", [None, "", '["https://app.example.com"]'])
def test_locally_both_hops_have_the_same(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    """An empty variable counts as unset, as for the services."""
    monkeypatch.setenv("EDGE_PROXIES", "192.0.2.0/24")
    monkeypatch.delenv("CORS_ORIGINS", raising=False)
    if given is not None:
        monkeypatch.setenv("CORS_ORIGINS", given)
    stack = Stack(Path("/nowhere"), PORTS, None)
    gateway, service = stack.gateway_environment(), stack.service_environment("users", 5432)
    assert gateway["EDGE_PROXIES"] == service["EDGE_PROXIES"] == "192.0.2.0/24"
    assert json.loads(gateway["CORS_ORIGINS"]) == json.loads(service["CORS_ORIGINS"] or "[]")


@pytest.mark.parametrize("name", ["DOCS", "PAGE"])
def test_what_is_on_or_off_is_nothing_else(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stack = Stack(Path("/nowhere"), PORTS, None)
    monkeypatch.setenv(name, "off")
    assert stack.gateway_environment()[name] == "off"
    monkeypatch.setenv(name, "false")
    with pytest.raises(StackError, match=f"{name} must be on or off"):
        stack.gateway_environment()
