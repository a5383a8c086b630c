from pathlib import Path

from deploy.local.secret_files import NAMES, ensure_secrets


def test_secrets_are_long_distinct_and_their_owners_alone(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "secrets")
    made = {name: (tmp_path / "secrets" / name).read_text() for name in NAMES}
    assert len(set(made.values())) == len(NAMES)
    assert all(secret.startswith("local-") and len(secret) == len("local-") + 43 for secret in made.values())
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_a_secret_that_is_there_is_kept_and_a_lost_one_made_anew(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    (tmp_path / "refresh-key").write_text("chosen by hand")
    (tmp_path / "auth-password").unlink()
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    ensure_secrets(tmp_path)
    after = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert after.pop("auth-password").startswith("local-")
    assert after == before
