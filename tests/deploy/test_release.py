"""Licences and known vulnerabilities of the packages that run: an unknown one is always reported."""

from datetime import date
from typing import Any

import pytest

from deploy.release.audit import WAIVED, judge
from deploy.release.sbom import ALLOWED, allowed, licence_of, refused

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR Apache-2.0) AND BSD-2-Clause", True),
        ("LGPL-3.0-or-later", False),
        ("License :: OSI Approved :: MIT License", False),
        ("", False),
    ],
)
def test_a_licence_passes_only_if_somebody_has_read_it(expression: str, verdict: bool) -> None:
    assert allowed(expression) is verdict


@pytest.mark.parametrize(
    ("licences", "licence"),
    [
        ([{"expression": "MIT AND PSF-2.0"}], "MIT AND PSF-2.0"),
        ([{"license": {"id": "MIT"}}, {"license": {"name": "License :: OSI Approved"}}], "MIT"),
        ([{"license": {"name": "A licence of our own"}}], "A licence of our own"),
        ([], ""),
    ],
)
def test_the_bill_of_materials_is_read_for_spdx_names_first(licences: list[dict[str, Any]], licence: str) -> None:
    assert licence_of({"name": "example", "licenses": licences}) == licence


def test_each_refused_package_is_named() -> None:
    said = list(refused({"good": "MIT", "bad": "SSPL-1.0", "silent": ""}))
    assert [line.split(":")[0] for line in said] == ["bad has SSPL-1.0", "silent has no known licence"]
    assert all(ALLOWED.values())


def found(*ids: str) -> list[dict[str, Any]]:
    vulns = [{"id": "PYSEC-1", "aliases": list(ids), "fix_versions": ["2.0"]}] if ids else []
    return [{"name": "example", "version": "1.0", "vulns": vulns}]


def test_a_weakness_is_a_finding_and_a_waived_one_is_none_until_its_day() -> None:
    ((waived, until),) = WAIVED.items()
    assert judge(found("CVE-1"), TODAY) == "example 1.0: CVE-1 PYSEC-1, fixed in 2.0"
    assert judge(found(waived), TODAY) is None
    assert judge(found(waived), until.replace(year=until.year + 1)) is not None
    assert judge(found(), TODAY) is None


def test_a_database_that_knows_nothing_is_told_of_and_fails_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge([{"name": "example", "skip_reason": "not found"}], TODAY) is None
    assert "so nothing was looked up" in capsys.readouterr().out
