"""The pages keep their word: every command in them runs, and every link, file, setting and message in them exists."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from traitlets.config import Config

from autograder import checks
from autograder.cli import main
from autograder.course.cells import list_stubs
from autograder.course.config import Autograder, Jail, Limits, check_keys, load_settings
from autograder.course.course import Course, find_course
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.attacks import attacks
from autograder.tests.helpers.calibration_plan import plan
from autograder.tests.helpers.commands import BIN
from autograder.tests.helpers.pictures import browser, picture
from autograder.tests.helpers.tables import table
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, submit

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
LMS = DOCS / "lms.md"  # needs what an LMS exports: test_collect.py and test_export.py run its commands
IN_THE_CLONE = DOCS / "developer.md"  # its commands are for the clone; the other pages' are for a course folder
PACKAGE = [path for path in sorted((ROOT / "autograder").rglob("*.py")) if "tests" not in path.relative_to(ROOT).parts]
MODULES = [path for path in PACKAGE if re.search(r"^ *>>> ", path.read_text(encoding="utf-8"), re.M)]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language; ``sh`` stands for whatever is typed into a shell."""
    wanted = ("sh", "bash", "console") if language == "sh" else (language,)
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for fence, text in found if fence in wanted]


def code(page: Path) -> list[str]:
    """What stands in backticks in a page's running text, and what is typed into a shell."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`]+)`", prose), *"".join(blocks(page, "sh")).splitlines()]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("AUTOGRADER_KEY", "MAKEFLAGS")}
    return {**kept, "PATH": f"{BIN}:{kept['PATH']}", "OMP_NUM_THREADS": "1"}


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


# Commands


#: Page -> commands on it that `make test` runs elsewhere in the same form, and where.
RUN_ELSEWHERE = {
    "CONTRIBUTING.md": {"autograder build padding": "test_release.py", "autograder verify padding": "quality.md"},
    "developer.md": {".venv/bin/python -m pytest autograder/tests/test_wire.py": "with all other tests"},
    "gradescope.md": {
        "autograder build padding": "test_release.py",
        "otter run -a release/gradescope/padding.zip padding.ipynb": "test_otter_road.py",
    },
    "instructor.md": {
        "autograder build --check": "test_release.py",
        "nbgrader autograde padding": "test_nbgrader_road.py",
        "nbgrader generate_feedback padding": "test_nbgrader_road.py",
        "nbgrader export": "test_nbgrader_road.py",
    },
    "quality.md": {
        "autograder verify padding --full": "test_verify.py",
        "autograder calibrate imdb_sentiment": "test_calibrate.py",
    },
}


def typed(page: Path) -> list[str]:
    """The shell blocks of a page without their lines for make, which would do far too much here."""
    kept = (re.sub(r"^make .*\n", "", block, flags=re.MULTILINE) for block in blocks(page, "sh"))
    return [block for block in kept if block.strip()]


def run_here(page: Path) -> list[str]:
    """What is typed, without the lines that are run elsewhere."""
    elsewhere = [] if SOAK else RUN_ELSEWHERE.get(page.name, {})
    kept = ("\n".join(line for line in block.splitlines() if command(line) not in elsewhere) for block in typed(page))
    return [block for block in kept if block.strip()]


def command(line: str) -> str:
    return line.partition("#")[0].strip()


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if p != LMS and run_here(p)], ids=lambda page: page.name)
def test_every_command_of_a_page_works(page: Path, built: Course) -> None:
    folder = ROOT if page == IN_THE_CLONE else as_described(built)
    for block in run_here(page):
        run(["bash", "-c", "set -e\n" + re.sub(r"\b(padding|imdb_sentiment)\b", "tiny", block)], folder)


def test_what_is_run_elsewhere_is_typed_on_its_page() -> None:
    lines = {page.name: [command(line) for block in typed(page) for line in block.splitlines()] for page in PAGES}
    assert [each for name, commands in RUN_ELSEWHERE.items() for each in commands if each not in lines[name]] == []


def as_described(course: Course) -> Path:
    """The course folder with what a reader of the pages has in it: an environment, submissions, nbgrader's exchange."""
    root = course.root
    (root / ".venv").symlink_to(sys.prefix)
    (course.assignment("tiny").tests / "calibration.py").write_text(plan(coins=0.01))
    submit(course, root / "tiny.ipynb", **RIGHT)
    submit(course, root / "submitted" / "ann" / "tiny" / "tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    exchange = root.parent / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)  # as nbgrader wants it
    with open(root / "grader_config.py", "a", encoding="utf-8") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\n")
    return root


def test_every_make_target_of_the_pages_exists() -> None:
    lines = {line for page in PAGES for line in code(page) if line.startswith("make ")}
    assert {"make demo", "make test"} <= {" ".join(line.split()[:2]) for line in lines}
    for line in sorted(lines):
        run(["make", "--dry-run", *line.partition("#")[0].split()[1:]], ROOT)


@each_page
def test_commands_and_options_named_in_a_page_exist(page: Path) -> None:
    options = {"--help"} | {name for command in main.commands.values() for p in command.params for name in p.opts}
    for text in code(page):
        if named := re.match(r"autograder ([a-z]+)", text):
            assert named[1] in main.commands, text
        if text.startswith(("autograder ", "--")):
            assert set(re.findall(r"--[a-z-]+", text)) <= options, text


def test_the_readme_lists_every_command() -> None:
    listed = [row[0].removeprefix("autograder ") for row in table(ROOT / "README.md", "| command | does |")]
    assert sorted(listed) == sorted(main.commands)


# What the pages name


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file), target


def anchors(page: Path) -> list[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


@each_page
def test_files_named_in_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    folders = [ROOT / name for name in ("autograder", "docs", "source", "solutions", "tests", "benchmarks")]
    known = {path.name for folder in folders for path in folder.rglob("*.*")} | {path.name for path in ROOT.iterdir()}
    for name in re.findall(r"(?<![\w*…])[\w.-]+\.(?:py|md|lock|toml|yaml)\b", text):
        assert name in known, name
    for path in re.findall(r"`((?:autograder|docs|source|solutions|tests|benchmarks)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


@each_page
def test_settings_named_in_a_page_exist(page: Path) -> None:
    config = Config()
    for section, key in re.findall(r"\bc\.([A-Z]\w+)\.(\w+)", page.read_text(encoding="utf-8")):
        config[section][key] = None
    check_keys(config, page)


@each_page
def test_python_in_a_page_is_python_and_settings_are_accepted(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "python"):
        ast.parse(block)
        if block.startswith("c."):
            (tmp_path / "nlp-course-private").mkdir()
            config = tmp_path / "nlp-course" / "grader_config.py"
            config.parent.mkdir()
            config.write_text(f"c = get_config()\n{block}", encoding="utf-8")
            load_settings(config)


def test_the_table_of_settings_is_the_configuration() -> None:
    expected = [
        [f"c.{section.__name__}.{name}", repr(trait.default()), trait.help]
        for section in (Autograder, Limits, Jail)
        for name, trait in section.class_own_traits(config=True).items()
    ]
    rows = "\n".join(f"| `{key}` | `{default}` | {about} |" for key, default, about in expected)
    found = table(DOCS / "instructor.md", "| key | default | what it is |")
    assert sorted(found) == sorted(expected), f"docs/instructor.md should list:\n{rows}"


def test_authors_read_of_every_name_that_they_may_import() -> None:
    listed = [row[0] for row in table(ROOT / "CONTRIBUTING.md", "| names | for |")]
    assert sorted(re.findall(r"\w+", " ".join(listed))) == sorted(checks.__all__)


def test_the_limits_that_students_read_are_the_defaults() -> None:
    limits, told = (
        Limits(),
        [
            row[1]
            for row in table(DOCS / "student.md", "| limit | unless your instructor or the question says otherwise |")
        ],
    )
    seconds = (limits.seconds_per_cell, limits.seconds_per_call, limits.seconds_per_submission)
    sizes = (limits.notebook_mib, limits.memory_mib, limits.scratch_mib, limits.output_mib)
    expected = [*(f"{number:g} s" for number in seconds), *(f"{mib} MiB" for mib in sizes), str(limits.processes)]
    assert [line.startswith(number) for line, number in zip(told, expected, strict=True)] == [True] * 8, expected


def test_the_lines_that_are_explained_are_lines_that_we_write() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in PACKAGE)
    explained = [row[0] for row in table(DOCS / "instructor.md", "| line | what it means, and what to do |")]
    assert len(explained) > 10
    assert [line for line in explained if line not in written] == []


def test_the_scoreboard_lists_every_hostile_submission() -> None:
    stock = table(DOCS / "security.md", "| class | attack | ours | stock nbgrader | stock otter |")
    trained = table(DOCS / "security.md", "| class | attack | ours |")
    jail = table(DOCS / "security.md", "| class | attack |")
    told = sorted((row[0], row[1]) for row in [*stock, *trained, *jail])
    assert told == sorted((attack.kind.replace("_", " "), attack.about.rstrip(".")) for attack in attacks())
    assert {row[2] for row in stock} == {"0 / 5"}
    waiting = [attack.about.rstrip(".") for attack in attacks("training") if attack.name.endswith("__awaits_a_person")]
    assert {row[1]: row[2] for row in trained} == {
        row[1]: "awaits a person" if row[1] in waiting else "0 / 6" for row in trained
    }


def test_the_readme_states_the_points_of_every_assignment() -> None:
    course = find_course(ROOT)
    stated = [
        [name, *points]
        for name, _, *points in table(ROOT / "README.md", "| assignment | about | points | by a person |")
    ]
    assert stated == [
        [name, f"{course.assignment(name).max_points:g}", f"{by_a_person(course, name):g}"]
        for name in course.assignments
    ]


def by_a_person(course: Course, name: str) -> float:
    marks = [c.metadata.get("nbgrader", {}) for c in nbformat.read(course.assignment(name).source, as_version=4).cells]
    return sum(float(mark["points"]) for mark in marks if mark.get("grade") and mark.get("solution"))


# Examples in the code, the picture, the hooks


@pytest.mark.slow
def test_every_reference_works_out_small_cases() -> None:
    """Students read them in their feedback; here they are held to what the reference says."""
    course, asked = find_course(ROOT), {}
    for name in course.assignments:
        notebook = nbformat.read(course.assignment(name).source, as_version=4)
        asked[name] = [stub.name for cell in notebook.cells for stub in list_stubs(cell)]
    program = (
        "import doctest, importlib, sys\n"
        f"references = {{importlib.import_module('solutions.' + name): asked for name, asked in {asked}.items()}}\n"
        "without = [f for r, asked in references.items() for f in asked if '>>>' not in (getattr(r, f).__doc__ or '')]\n"
        "sys.exit(f'no example: {without}' if without else sum(doctest.testmod(each).failed for each in references))"
    )
    run([sys.executable, "-c", program], ROOT)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples_in_docstrings(path: Path) -> None:
    outcome = doctest.testmod(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.slow
@pytest.mark.skipif(browser() is None, reason="Chromium is missing: apt-get install chromium")
def test_a_picture_of_a_page_has_the_size_of_the_window(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<h1>Class report</h1>", encoding="utf-8")
    picture(tmp_path / "page.html", tmp_path / "page.png", width=640, height=480)
    header = (tmp_path / "page.png").read_bytes()[:24]
    assert header[1:4] == b"PNG"
    assert [int.from_bytes(header[i : i + 4], "big") for i in (16, 20)] == [640, 480]


def test_a_picture_of_a_missing_page_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone.html: is missing. Run `make demo` first|chromium is missing"):
        picture(tmp_path / "gone.html", tmp_path / "page.png")


def test_editors_find_the_container() -> None:
    described = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    container = ROOT / ".devcontainer" / described["build"]["dockerfile"]
    assert container.resolve() == ROOT / "Containerfile" and "python3-venv" in container.read_text(encoding="utf-8")


def test_a_commit_is_held_to_what_make_lint_asks() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    entries = [hook["entry"].replace(".venv/bin", "$(BIN)") for hook in repository["hooks"]]
    assert [entry for entry in entries if entry not in recipe] == []
    assert len(entries) == sum(
        "$(BIN)" in line for line in recipe.partition("\nlint:")[2].partition("\n\n")[0].splitlines()
    )
    run([str(BIN / "pre-commit"), "validate-config", ".pre-commit-config.yaml"], ROOT)
