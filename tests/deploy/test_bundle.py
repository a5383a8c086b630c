"""The page's modules, joined into files."""

from pathlib import Path

import pytest

from deploy.gateway.bundle import BundleError, bundle, hashed


def write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)


def content(folder: Path, title: str) -> str:
    return next(text for name, text in bundle(folder).files.items() if name.rpartition("-")[0] == title)


def test_modules_become_functions_in_the_order_of_their_imports(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='import * as two from "./two.js";\ntwo.say();\n',
        two='import { one as uno } from "./one.js";\nexport { late } from "./one.js";\nexport const say = () => uno;\n',
        one="// a remark\nexport function one() {}\nconst late = 1;\nexport { late };\n",
    )
    assert content(tmp_path, "base").splitlines() == [
        "const $one_js = (() => {",
        "function one() {}",
        "const late = 1;",
        "return { late: late, one: one };",
        "})();",
        "const $two_js = (() => {",
        "const { one: uno } = $one_js;",
        "",
        "const say = () => uno;",
        "return { late: $one_js.late, say: say };",
        "})();",
        "export { $one_js, $two_js };",
    ]
    app = content(tmp_path, "app")
    assert app.startswith(f'import {{ $two_js }} from "./{bundle(tmp_path).base}";\n')
    assert "const two = $two_js;\ntwo.say();" in app


def test_what_several_later_imports_need_is_a_file_of_its_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='import { base } from "./base.js";\nimport("./a.js");\nimport("./b.js");\n',
        base="export const base = 1;\n",
        a='import { shared } from "./shared.js";\nexport const a = shared;\n',
        b='import { shared } from "./shared.js";\nexport const b = shared;\n',
        shared='import { base } from "./base.js";\nexport const shared = base;\n',
    )
    names = {name.rpartition("-")[0]: name for name in bundle(tmp_path).files}
    assert set(names) == {"app", "a", "b", "a-b", "base"}
    both = f'Promise.all([import("./{names["a-b"]}"), import("./{names["a"]}")])'
    assert f"{both}.then((loaded) => loaded.at(-1).$a_js);" in content(tmp_path, "app")
    assert content(tmp_path, "a").startswith(f'import {{ $shared_js }} from "./{names["a-b"]}";\n')


def test_a_change_renames_the_file_and_those_that_name_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='import { one } from "./one.js";\nimport("./two.js");\n',
        one="export const one = 1;\n",
        two="export const two = 2;\n",
    )
    before = set(bundle(tmp_path).files)
    write(tmp_path, two="export const two = 3;\n")
    after = set(bundle(tmp_path).files)
    assert {name.rpartition("-")[0] for name in after - before} == {"app", "two"}
    assert hashed("a.css", b"1") != hashed("a.css", b"2")


def test_comments_of_whole_lines_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='import { a } from "./a.js";',
        a="/**\n * Lines.\n */\nexport const a = 1; // kept\n/* b */ const b = 2;\n  /* c */\nconst c = b; /* d */\n",
    )
    assert content(tmp_path, "base").splitlines()[1:5] == [
        "const a = 1; // kept",
        "/* b */ const b = 2;",
        "const c = b; /* d */",
        "return { a: a };",
    ]


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"app": ""}, "app.js: imports nothing"),
        ({"app": 'import { a } from "./a.js";'}, "a.js: .*No such file"),
        (
            {
                "app": 'import { a } from "./a.js";',
                "a": 'import { b } from "./b.js";',
                "b": 'import { a } from "./a.js";',
            },
            "a.js -> b.js -> a.js",
        ),
        ({"app": 'import { a } from "./a.js";', "a": "export let a = 1;"}, "cannot read 'export let a = 1;'"),
        ({"app": 'import { a } from "./a.js";', "a": 'import "./b.js";'}, "cannot read 'import"),
        (
            {"app": 'import { a } from "./a.js";', "a": 'import("./b.js");', "b": ""},
            "only app.js imports modules later",
        ),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, modules: dict[str, str], told: str) -> None:
    write(tmp_path, **modules)
    with pytest.raises(BundleError, match=told):
        bundle(tmp_path)
