"""The kit asks a course which packages and data it uses, and needs no others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.course.course import Course
from autograder.course.data import data_environment, find_data_folder, list_data
from autograder.course.packages import course_versions, list_packages, list_preload
from autograder.grading import store
from autograder.judge.thresholds import read_records
from autograder.tests.helpers import ROOT
from autograder.tests.helpers.calibration_plan import plan
from autograder.tests.helpers.tiny_course import RIGHT, submit

#: Makes Keras and TensorFlow look as if they were not installed; fails where somebody has imported one.
WITHOUT = """\
import sys
from importlib import metadata

GONE = {"keras", "tensorflow"}
assert not GONE & set(sys.modules), "imported already"


class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def distribution(name, found=metadata.distribution):
    if name in GONE:
        raise metadata.PackageNotFoundError(name)
    return found(name)


sys.meta_path.insert(0, Missing)
metadata.distribution = distribution
"""
COMMAND = "import sys; from autograder.cli import main; main(sys.argv[1:])"


def test_packages_are_those_that_released_notebooks_hidden_tests_and_solutions_import(built: Course) -> None:
    assert list_packages(built) == ["numpy"]
    tiny = built.assignment("tiny")
    (built.root / "solutions/shared.py").write_text("import scipy.stats\nfrom solutions import tiny\n")
    (tiny.tests / "helper.py").write_text("import shared, not_installed\n")
    assert list_packages(built, ["tiny"]) == ["not_installed", "numpy", "scipy"]
    assert list(course_versions(built)) == ["python", "numpy", "scipy"]
    assert list_preload(built) == ["numpy"]
    notebook = nbformat.read(tiny.released, as_version=4)
    notebook.cells += [new_code_cell("%pip install x"), new_code_cell("from tensorflow.keras import layers")]
    nbformat.write(notebook, tiny.released)
    assert list_packages(built) == ["keras", "not_installed", "numpy", "scipy", "tensorflow"]
    assert list_preload(built) == ["numpy", "tensorflow.keras"]


def test_data_are_those_of_the_named_folder_and_of_keras(
    built: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    assert find_data_folder(built) is None and data_environment(built) == {} and list_data(built) == []
    for name in ("named/words/a.txt", "own/b.txt", "keras/datasets/c.npz", "keras/datasets/unpacked/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12")
        os.utime(path, (1, 1))
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "named"))
    files = [tmp_path / "keras/datasets/c.npz", tmp_path / "named/words/a.txt"]
    assert list_data(built) == [(str(path), 2, 10**9) for path in files]
    built.settings.course.data_folder = str(tmp_path / "own")
    assert find_data_folder(built) == tmp_path / "own", "the configuration's comes first"
    assert data_environment(built) == {
        "KERAS_HOME": str(tmp_path / "keras"),
        "AUTOGRADER_DATA": str(tmp_path / "own"),
    }


def run_without(*arguments: str, beside: Path) -> None:
    """Run a command in a process, and worker processes, in which ``WITHOUT`` holds."""
    (beside / "sitecustomize.py").write_text(WITHOUT)
    environment = os.environ | {"PYTHONPATH": str(beside)}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_course_in_plain_numpy_is_graded_without_tensorflow(built: Course, tmp_path: Path) -> None:
    """The command and its workers do without it, and so do the student's process and the judge."""
    hidden = built.assignment("tiny").tests / "test_q1_words.py"
    hidden.write_text(f"{hidden.read_text()}\n\n{WITHOUT}")
    unless = "import sys\nassert not {'keras', 'tensorflow'} & set(sys.modules)\n"
    path = submit(built, tmp_path / "ann/tiny.ipynb", q1=unless + RIGHT["q1"], q2=RIGHT["q2"])
    told = tmp_path / "told.jsonl"
    run_without("grade", str(path), "--course", str(built.root), "--json", str(told), beside=tmp_path)
    [line] = map(json.loads, told.read_text().splitlines())
    assert line["points"] == 5.0, line
    result = store.load(built, line["student"], "tiny")
    assert result is not None and result.facts["versions"].startswith("Python ")
    assert "numpy" in result.facts["versions"] and "keras" not in result.facts["versions"]


@pytest.mark.slow
def test_its_thresholds_are_measured_without_tensorflow(built: Course, tmp_path: Path) -> None:
    (built.assignment("tiny").tests / "calibration.py").write_text(plan(coins=0.01))
    run_without("calibrate", "tiny", "--seeds", "200", "--course", str(built.root), beside=tmp_path)
    [record] = read_records(built.assignment("tiny").tests / "thresholds.json").values()
    assert record.device.startswith("CPU") and "tensorflow" not in record.versions
