"""The plan of the house: who may import whom, as `make lint` holds it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autograder.tests.helpers import ROOT
from autograder.tests.helpers.tables import table

BREAKS = {
    "an import that runs up": (
        "errors.py",
        "from autograder.printable import printable\nfrom autograder.cli import main\n",
        "is not allowed to import",
    ),
    "a file without a room": ("strays.py", "", "strays"),
    "a private name of another room": (
        "cli.py",
        "from autograder.files import _draft\n",
        "cli.py, line 1: imports autograder.files._draft",
    ),
    "a private name by way of its module": (
        "cli.py",
        "from autograder import files\nfiles._draft\n",
        "cli.py, line 2: uses autograder.files._draft",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "added", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_lint_refuses(file: str, added: str, said: str, tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "autograder",
        tmp_path / "autograder",
        ignore=shutil.ignore_patterns("submissions", "hostile", "__pycache__"),
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "autograder" / file
    path.write_text(added + (path.read_text() if path.exists() else ""))
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 1, shown.stdout
    assert said in shown.stdout


def test_nothing_in_the_package_knows_this_course() -> None:
    knowing = re.compile(r"imdb|NLP_DATA|solutions\.reviews", re.IGNORECASE)
    files = [path for path in (ROOT / "autograder").rglob("*.*") if "tests" not in path.relative_to(ROOT).parts]
    texts = {path: path.read_text(encoding="utf-8") for path in files if path.suffix in (".py", ".html")}
    assert [str(path) for path, text in texts.items() if knowing.search(text)] == []


def read_map() -> list[tuple[str, str, list[str]]]:
    """The rows of the map in docs/developer.md: folder below ``autograder/``, sentence, files."""
    rows = table(ROOT / "docs/developer.md", "| room | what it is for | files |")
    return [(row[0].removeprefix("autograder").strip("/"), row[1], re.findall(r"\w+\.py", row[2])) for row in rows]


def test_every_file_stands_on_the_map() -> None:
    package = ROOT / "autograder"
    files = [path.relative_to(package) for path in package.rglob("*.py") if path.name != "__init__.py"]
    shown = [Path(folder, name) for folder, _, names in read_map() for name in names]
    assert sorted(shown) == sorted(path for path in files if path.parts[0] != "tests")


def test_the_map_says_of_a_room_what_the_room_says() -> None:
    for folder, about, _ in read_map():
        module = ast.parse((ROOT / "autograder" / folder / "__init__.py").read_text(encoding="utf-8"))
        assert not folder or about == (ast.get_docstring(module) or "").split("\n\n")[0], folder


def test_the_map_has_the_order_that_lint_checks() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [set(re.findall(r"\w+", layer)) for layer in contracts[0]["layers"]]
    rows = [(folder, names) for folder, _, names in read_map() if "/" not in folder]
    assert [{folder} if folder else {Path(name).stem for name in names} for folder, names in rows] == layers


def test_the_way_of_a_submission_leads_through_files_that_exist() -> None:
    way = (ROOT / "docs/developer.md").read_text(encoding="utf-8").partition("## The way of one submission")[2]
    block = way.split("```")[1]
    assert re.findall(r"^.{14}(\d) ", block, re.MULTILINE) == [str(number) for number in range(1, 8)]
    for name in re.findall(r"[\w/]+\.py|sandbox/inside/builder/", block):
        assert (ROOT / "autograder" / name).exists(), name
