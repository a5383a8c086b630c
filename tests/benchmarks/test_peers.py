"""`make bench-peers`: its file, and its figures."""

import os
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from tests.benchmarks.peers.__main__ import Figures, Server, compare, cpu_seconds, headers_of, read, rss_mib, table

FILE = """
seconds = 1
[[servers]]
name = "ours"
requests.read.url = "http://127.0.0.1:1/posts/%s"
[[servers]]
name = "theirs"
requests.read.url = "http://127.0.0.1:1/articles"
"""


def test_the_example_of_the_documentation_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/operations/performance.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "peers.toml").write_text(example)
    peers = read(tmp_path / "peers.toml")
    assert [server.name for server in peers.servers] == ["trivium", "another"]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (FILE.replace("seconds", "second"), "second"),
        (FILE.replace("seconds = 1", "seconds = 1.5"), "seconds"),
        (FILE.replace("http:", "https:"), "url"),
        ("[[servers", "peers.toml"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, wrong: str, word: str) -> None:
    (tmp_path / "peers.toml").write_text(wrong)
    with pytest.raises(StackError, match=word):
        read(tmp_path / "peers.toml")


def test_the_ratio_is_taken_round_by_round() -> None:
    """So a machine that gets slower changes nothing."""
    ours, theirs = Figures(rps=[100.0, 50.0, 80.0]), Figures(rps=[50.0, 25.0, 20.0])
    assert theirs.row(ours) == {"rps": 25.0, "ratio": 2.0}
    assert "2" in table("read", {"theirs": theirs.row(ours)}).splitlines()[1]


def test_the_cost_of_a_process_is_read() -> None:
    before = cpu_seconds([os.getpid()])
    sum(number * number for number in range(3_000_000))
    assert cpu_seconds([os.getpid()]) > before
    assert 10 < rss_mib([os.getpid()]) < 10_000
    assert cpu_seconds([]) == 0
    with pytest.raises(StackError, match="no process 0"):
        cpu_seconds([0])


def test_a_command_that_prints_no_headers_is_named() -> None:
    for command in ("echo Bearer", "exit 3"):
        with pytest.raises(StackError, match="headers_command of ours"):
            headers_of(Server(name="ours", headers_command=command, requests={}))
    assert headers_of(Server(name="ours", headers_command="""echo '{"A": "b"}'""", requests={})) == {"A": "b"}


def test_a_server_that_does_not_answer_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "peers.toml").write_text(FILE)
    with pytest.raises(StackError):
        compare(read(tmp_path / "peers.toml"), "read", 1)
