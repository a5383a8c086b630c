# file: only with posts
"""`make new-resource`: what it refuses, and how it changes modules. The whole of it: `make test-resource`."""

import shutil
import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest

from deploy.new_resource import proofs, wiring
from deploy.new_resource.edits import NoAnchor
from deploy.new_resource.layout import lay_out, new_files
from deploy.new_resource.names import TYPES, Resource, fields_of, named, singular_of
from deploy.new_resource.refusals import load, require_free, require_service
from deploy.refusals import Refused, require_clean
from deploy.services import ROOT, SERVICES

PACKAGE = ROOT / "services/posts/src/posts"
FIELDS = "question:line closes_at:moment?"


def quokkas(plural: str = "quokkas", singular: str = "") -> Resource:
    return named("posts", "/posts", plural, singular, FIELDS)


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("polls", "poll"), ("categories", "category"), ("boxes", "box"), ("classes", "class"), ("houses", "house")],
)
def test_the_singular_is_derived(plural: str, singular: str) -> None:
    assert singular_of(plural) == singular


@pytest.mark.parametrize(
    ("plural", "singular", "reason"),
    [
        ("Polls", "", "NAME=Polls is no name"),
        ("line-items", "", "NAME=line-items is no name"),
        ("a" * 29 + "s", "", "is no name of up to 28"),
        ("sheep", "", "sheep does not look like a plural: name one with SINGULAR=."),
        ("glass", "", "does not look like a plural"),
        ("sheep", "sheep", "sheep is its own singular"),
        ("users", "", "SINGULAR=user is a word of Python or SQL."),
        ("lambdas", "", "SINGULAR=lambda is a word of Python or SQL."),
    ],
)
def test_names_that_cannot_be_are_refused(plural: str, singular: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        quokkas(plural, singular)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("", "A resource has at least one field"),
        ("question", "question has no type that there is: use one of line, text, count, moment, flag, link"),
        ("question:string", "question:string has no type that there is"),
        ("a:line a:text", "The field a is named twice."),
        ("id:count", "The field id has a name that each resource, or its framework, uses"),
        ("account_id:count", "The field account_id has a name"),
        ("created_at:moment?", "The field created_at has a name"),
        ("model_name:line", "The field model_name has a name"),
        ("metadata:line", "The field metadata has a name"),
        ("json:line", "The field json has a name"),
        ("quokka_id:count", "The field quokka_id would have the name of the resource's own id."),
        ("class:line", "The field class has a name of Python or SQL."),
        ("order:count", "The field order has a name of Python or SQL."),
        ("type:line", "The field type has a name of Python or SQL."),
        ("Question:line", "The field Question is no name"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason.replace("?", "[?]")):
        named("posts", "/posts", "quokkas", "", fields)


def test_a_field_may_be_optional() -> None:
    assert [(field.name, field.optional) for field in fields_of(FIELDS)] == [("question", False), ("closes_at", True)]


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        ("nobody", "There is no service nobody: there are auth, users, posts"),
        ("auth", "auth has no table Erased in models/shared.py"),
    ],
)
def test_a_service_without_what_resources_need_is_refused(service: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        require_service(service, SERVICES, ROOT / "services" / service / "src" / service / "models")


@pytest.mark.parametrize(
    ("plural", "reason"),
    [
        ("comments", "The tag comments is taken"),
        ("drafts", "The path /posts/drafts is taken"),
        ("profiles", "The schema ProfileUpdate is taken"),
        ("editors", "The name Editor is taken in services/records.py"),
        ("erasures", "The name ErasureStore is taken in services/ports.py"),
        ("pages", "pages or page is a name that every resource's modules use"),
    ],
)
def test_what_is_taken_is_refused(plural: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        require_free(quokkas(plural), load(ROOT / "docs/openapi.json"), PACKAGE)


def test_a_name_that_the_templates_use_is_refused() -> None:
    with pytest.raises(Refused, match=r"repositories/owners\.py would have two things of the name OWNER"):
        lay_out(ROOT, quokkas("owners"), SERVICES)


def test_a_name_that_no_line_of_the_matrix_can_hold_is_refused() -> None:
    table = cst.parse_module((ROOT / "tests/posts/test_matrix.py").read_text())
    with pytest.raises(Refused, match="its lines in the matrix would exceed 120 characters"):
        proofs.matrix(SERVICES)(table, quokkas("notification_rule_templates"))


def test_changes_that_are_not_committed_are_kept_safe(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S607
    require_clean(tmp_path)
    (tmp_path / "new.txt").touch()
    with pytest.raises(Refused, match="there are uncommitted changes"):
        require_clean(tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the modules that a resource changes."""
    for name in ("services/posts", "tests/posts", "tests/common"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.resource
def test_only_lines_are_added_and_a_repetition_adds_none(tree: Path) -> None:
    first = lay_out(tree, quokkas(), SERVICES)
    assert first.by_hand == {}
    assert len(first.changed) == 15
    for path, after in first.changed.items():
        before = (tree / path).read_text().splitlines()
        lost = [line for line in before if line not in after.splitlines()]
        assert len(lost) <= 4, f"{path} lost {lost}"  # they became longer: an import, a list
        (tree / path).write_text(after)
    assert lay_out(tree, quokkas(), SERVICES).changed == {}


@pytest.mark.resource
def test_a_module_that_looks_otherwise_is_left_alone_and_told_of(tree: Path) -> None:
    main, erasure = tree / "services/posts/src/posts/main.py", tree / "tests/posts/test_erasure.py"
    main.write_text(main.read_text().replace("build_app(", "another_app("))
    erasure.write_text(erasure.read_text().replace("async def world(", "async def another("))
    layout = lay_out(tree, quokkas(), SERVICES)
    assert list(layout.by_hand) == ["services/posts/src/posts/main.py", "tests/posts/test_erasure.py"]
    assert layout.by_hand["services/posts/src/posts/main.py"].endswith("quokkas.router,  # before the others")
    assert 'client.post("/posts/quokkas"' in layout.by_hand["tests/posts/test_erasure.py"]


def edited(edit: wiring.Edit, text: str) -> str:
    return edit(cst.parse_module(text), quokkas()).code


def test_comments_and_trailing_commas_stay() -> None:
    text = "from x import Step\n\nSTEPS = [\n    one,  # the first\n    two,  # the last\n]\n"
    after = edited(wiring.erasing, text)
    assert "    one,  # the first\n    two,  # the last\n" in after
    assert after.endswith('rows_of("quokkas"),]\n')
    assert "from common.events.erasure import rows_of\n" in after


def test_the_router_comes_first() -> None:
    """`/posts/{post_id}` would take `/posts/quokkas`."""
    text = "def create_app():\n    return build_app(routers=[posts.router, internal.router])\n"
    assert "routers=[quokkas.router, posts.router, internal.router]" in edited(wiring.main, text)


def test_a_service_without_resources_gets_its_first() -> None:
    ports = "class UnitOfWork:\n    events: EventPublisher\n"
    assert "    quokkas: QuokkaStore\n    events: EventPublisher\n" in edited(wiring.ports, ports)
    deps = "def wire(opened):\n    members = Members(opened.reads)\n    return Parts(identity=identity)\n"
    after = edited(wiring.deps, deps)
    assert 'Parts(identity=identity, state={"quokka_queries": QuokkaQueries(QuokkaRepository(opened.reads))})' in after
    assert after.index("async def get_quokka_commands") < after.index("WriteQuokkas = ")


MATRIX = '''
TABLE = """
method path thing   anon  owner other gone  posts stray
GET    /posts post  200   200   200   401   403   401
GET    /livez none  200   200   200   200   200   200
"""
BODIES = {"POST /posts": {"title": "t"}}

async def matrix(client, headers):
    async def thing(name):
        return {}
'''


def test_the_matrix_gets_a_line_for_each_operation() -> None:
    after = edited(proofs.matrix(["posts"]), MATRIX)
    lines = [line.split() for line in after.splitlines() if "quokkas" in line and line[:3] in {"GET", "POS", "DEL"}]
    assert lines == [
        ["GET", "/posts/quokkas", "quokka", "401", "200", "200", "401", "403", "401"],
        ["POST", "/posts/quokkas", "quokka", "401", "201", "201", "401", "403", "401"],
        ["GET", "/posts/quokkas/{quokka_id}", "quokka", "401", "200", "404", "401", "403", "401"],
        ["DELETE", "/posts/quokkas/{quokka_id}", "quokka", "401", "204", "404", "401", "403", "401"],
    ]
    assert after.index("/posts/quokkas") < after.index("/livez")
    assert edited(proofs.matrix(["posts"]), after) == after


@pytest.mark.parametrize("text", [MATRIX.replace("TABLE", "LINES"), MATRIX.replace("client, headers", "client")])
def test_a_matrix_of_another_form_has_no_anchor(text: str) -> None:
    with pytest.raises(NoAnchor):
        edited(proofs.matrix(["posts"]), text)


LINT = ("ruff", "check", "--quiet", "--config", ROOT / "pyproject.toml")


@pytest.mark.parametrize(
    ("plural", "fields"),
    [
        ("wombat_goals", "is_met:flag?"),
        ("notification_rules", " ".join(f"{kind}_{'x' * 20}:{kind} {kind}_{'y' * 20}:{kind}?" for kind in TYPES)),
    ],
)
def test_each_template_is_sound_for_few_fields_and_for_many_with_long_names(
    tmp_path: Path, plural: str, fields: str
) -> None:
    made = new_files(ROOT, named("posts", "/posts", plural, "", fields))
    for path, text in made.items():
        if path.endswith(".py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    ruff = [sys.executable, "-m"]
    subprocess.run([*ruff, *LINT, "--fix", "--select", "I", tmp_path], check=True)
    subprocess.run([*ruff, "ruff", "format", "--quiet", "--config", ROOT / "pyproject.toml", tmp_path], check=True)
    subprocess.run([*ruff, *LINT, "--extend-ignore", "D,S101", tmp_path], check=True)
    assert f'service_router("/posts/{plural.replace("_", "-")}"' in "".join(made.values())
