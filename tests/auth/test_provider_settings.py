"""Settings of providers: presets, files with secrets, and one sentence for each mistake."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from auth.config import Settings
from common.settings import explain
from tests.auth.test_mail_settings import ENOUGH

ONE = {"name": "idp", "issuer": "https://idp.example", "client_id": "site", "client_secret": "canary secret"}
APPLE = {"name": "apple", "preset": "apple", "client_id": "a.b", "client_secret": "PEM", "team_id": "T", "key_id": "K"}


def read(*providers: dict[str, Any], **more: Any) -> Settings:
    return Settings.model_validate({**ENOUGH, "providers": json.dumps(providers), **more})


@pytest.mark.parametrize(
    ("preset", "issuer", "title"),
    [
        ("google", "https://accounts.google.com", "Google"),
        ("gitlab", "https://gitlab.com", "GitLab"),
        ("github", "https://github.com", "GitHub"),
    ],
)
def test_presets_know_their_issuers(preset: str, issuer: str, title: str) -> None:
    (one,) = read({"name": preset, "preset": preset, "client_id": "site", "client_secret": "x"}).providers
    assert (one.issuer, one.title) == (issuer, title)
    own = {"name": "own", "preset": preset, "issuer": "https://own.example", "client_id": "x", "client_secret": "x"}
    (one,) = read(own).providers
    assert (one.issuer, one.title) == ("https://own.example", title)


def test_a_secret_can_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of a file\n")
    file.chmod(0o600)
    described = {**ONE, "client_secret_file": str(file)}
    del described["client_secret"]
    (one,) = read(described).providers
    assert one.client_secret is not None
    assert one.client_secret.get_secret_value() == "of a file"
    assert "of a file" not in repr(one)
    file.chmod(0o644)
    with pytest.raises(ValidationError, match="can be read by everybody"):
        read(described)


def test_all_providers_can_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "providers.json"
    file.write_text(json.dumps([ONE, APPLE]))
    file.chmod(0o600)
    monkeypatch.setenv("PROVIDERS_FILE", str(file))
    assert [one.name for one in Settings(**ENOUGH).providers] == ["idp", "apple"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "A b"}, "provider 1: name: "),
        ({"name": None}, "provider 1: name: "),
        ({"issuer": "http://idp.example"}, "issuer must be https://"),
        ({"issuer": "https://idp.example/"}, "provider 1: issuer: must have no user"),
        ({"issuer": "idp.example"}, "provider 1: issuer: must be an address"),
        ({"client_id": ""}, "provider 1: client_id: "),
        ({"preset": "facebook"}, "provider 1: preset: "),
        ({"scopes": ["email"]}, "scopes must have openid"),
        ({"scopes": []}, "provider 1: scopes: "),
        ({"client_secret_file": "/nowhere"}, "client_secret and client_secret_file: say it once"),
        ({"secret": "canary"}, "provider 1: secret: "),
        ({"team_id": "T"}, "team_id and key_id belong to the preset apple"),
        ({"preset": "apple"}, "team_id and key_id belong to the preset apple"),
        ({"preset": "github", "client_secret": None}, "client_secret or client_secret_file is missing"),
        ({"preset": "microsoft", "issuer": "https://login.microsoftonline.com/common/v2.0"}, "one tenant"),
    ],
    ids=str,
)
def test_a_mistake_is_one_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read({**ONE, **wrong})
    (line,) = explain(refused.value).splitlines()
    assert line.startswith("PROVIDERS")
    assert said in line
    assert "canary secret" not in line


def test_microsoft_needs_its_tenant() -> None:
    described = {"name": "microsoft", "preset": "microsoft", "client_id": "x"}
    with pytest.raises(ValidationError, match="provider 1: issuer: "):
        read(described)
    (one,) = read({**described, "issuer": "https://login.microsoftonline.com/9188040d/v2.0"}).providers
    assert one.title == "Microsoft"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"providers": json.dumps([ONE, ONE])}, "two providers of one name"),
        ({"provider_returns": '["https://elsewhere.example/"]'}, "below ISSUER"),
        ({"provider_returns": '["http://127.0.0.1:8000/#x"]'}, "without a fragment"),
        ({"provider_returns": '["http://127.0.0.1:8000"]'}, "below ISSUER"),
    ],
)
def test_lists_are_checked_as_a_whole(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({**ENOUGH, **more})


def test_on_this_machine_http_will_do_but_not_in_production() -> None:
    local = {**ONE, "issuer": "http://127.0.0.1:4000"}
    assert read(local).providers[0].issuer == "http://127.0.0.1:4000"
    production = {
        "profile": "production",
        "issuer": "https://site.example",
        "smtp_url": "smtps://mail.site.example",
        "mail_from": "Site <no-reply@site.example>",
    }
    with pytest.raises(ValidationError, match="https:// issuers in production"):
        read(local, **production)
    assert read(ONE, **production).returns == ["https://site.example/"]
