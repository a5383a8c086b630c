# file: only with posts
"""Each view that the page's tests look at has its pictures in docs/screens."""

from pathlib import Path

import pytest

from deploy.docs import screens


def test_every_view_has_its_pictures() -> None:
    assert screens.complaints() == []


def test_a_view_without_a_line_or_a_test_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_new.py").write_text('await looks.look(ada, "new-view", "/new", "main")')
    found = screens.complaints(tmp_path)
    assert "new-view: the tests look at it, and nothing shows it" in found
    assert "person: no test looks at it" in found


def test_a_missing_picture_and_one_without_a_view_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in screens.FOLDER.glob("*.webp"):
        (tmp_path / path.name).touch()
    (tmp_path / "person-phone-light.webp").rename(tmp_path / "nobody-phone-light.webp")
    monkeypatch.setattr(screens, "FOLDER", tmp_path)
    assert screens.complaints() == [
        "docs/screens/person-phone-light.webp is missing: make screens",
        "docs/screens/nobody-phone-light.webp shows no view: make screens",
    ]
