# file: only with conduit
"""A service that is off by default is switched on by its row in the registry, in a copy of the repository."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.deploy.copies import Copy

GATES: Final = (
    "python -m deploy.generate --check",
    "python -m deploy.docker.check",
    "python -m deploy.kubernetes.check",
    "yamllint --strict docker-compose.yml deploy",
)


@pytest.mark.new_service
def test_conduit_is_on_everywhere_by_its_row(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    registry = copy.folder / "deploy/services.toml"
    assert registry.read_text().count("off = true\n") == 1
    registry.write_text(registry.read_text().replace("off = true\n", ""))
    copy.run("python -m deploy.generate")
    for gate in GATES:
        copy.run(gate)
    containers = yaml.safe_load((copy.folder / "docker-compose.yml").read_text())["services"]
    assert "profiles" not in containers["conduit"]
    assert "conduit" in containers["gateway"]["depends_on"]
    kubernetes = copy.folder / "deploy/kubernetes"
    assert "conduit-api" in (kubernetes / "overlays/production/route.yaml").read_text()
    assert "conduit-api:8000" in (kubernetes / "overlays/local/gateway.yaml").read_text()
