from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-release.lock", "requirements-clients.lock"]
)
def test_a_lock_names_no_address_and_hashes_everything(name: str) -> None:
    """S-49."""
    text = (ROOT / name).read_text()
    assert "://" not in text
    packages = [block for block in text.replace("\\\n", "").splitlines() if "==" in block and not block.startswith(" ")]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
