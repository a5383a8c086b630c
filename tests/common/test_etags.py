"""`If-Match` and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1)."""

import pytest

from common.http.etags import get_expected_versions, has_already

MINE = '"3-00112233aabbccdd"'


@pytest.mark.parametrize(
    "condition",
    [MINE, f"W/{MINE}", "*", f'"other", {MINE}', f'"a,b",W/{MINE} , "c"', f'"",{MINE}'],
)
def test_a_caller_who_names_the_tag_has_the_answer_already(condition: str) -> None:
    assert has_already([condition], MINE)
    assert has_already(['"2-0"', condition], MINE) or condition == "*"


@pytest.mark.parametrize("condition", ['"3-0"', "3-00112233aabbccdd", '"', "", "*, *", 'W/"3"', '"3-00112233aabbccdd'])
def test_any_other_condition_is_no_reason_to_leave_the_answer_out(condition: str) -> None:
    assert not has_already([condition], MINE)
    assert not has_already([], MINE)


@pytest.mark.parametrize(
    ("condition", "versions"),
    [
        (None, None),
        (["*"], None),
        ([MINE], {3}),
        (['"3"'], {3}),
        ([MINE, '"4-ff", "5-ff"'], {3, 4, 5}),
        ([f"W/{MINE}"], set()),
        (["3"], set()),
        ([""], set()),
        (['"x"', '"-3-0"', '"9999999999-0"', '"٣-0"'], set()),
    ],
    ids=ascii,
)
async def test_a_change_is_meant_for_the_versions_of_the_strong_tags(
    condition: list[str] | None, versions: set[int] | None
) -> None:
    assert await get_expected_versions(condition) == versions
