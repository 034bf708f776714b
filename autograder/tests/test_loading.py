"""What a judge could not load is found by the build, in a process of its own, and named with its repair."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.release.build import build
from autograder.release.loading import find_loading_faults
from autograder.tests.helpers.tiny_course import edit, make_course

TEST = "tests/tiny/test_q1_words.py"
IMPORT = "from autograder.checks import agree, check"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def add_copy(course: Course, name: str) -> None:
    """Write the tiny assignment once more, under another name."""
    files = [path.relative_to(course.root).as_posix() for path in course.root.rglob("*") if path.is_file()]
    for file in files:
        if "tiny" in file:
            other = course.root / file.replace("tiny", name)
            other.parent.mkdir(exist_ok=True)
            other.write_text((course.root / file).read_text().replace("tiny", name))


def missing(file: str, line: int) -> str:
    return (
        f"{file}, line {line}: cannot be imported: ModuleNotFoundError: No module named 'gensimm'. Install 'gensimm' where"
        " autograder runs, or correct the import."
    )


#: What is wrong -> a file, a text in it and what stands there instead, and what is said of it.
FAULTS = {
    "missing_module": (TEST, IMPORT, f"import gensimm.models\n{IMPORT}", missing(TEST, 3)),
    "missing_name": (
        TEST,
        "from solutions.tiny import count_words",
        "from solutions.tiny import count",
        f"{TEST}, line 4: cannot be imported: ImportError: cannot import name 'count' from 'solutions.tiny' (solutions/tiny.py).",
    ),
    "missing_fixture": (
        TEST,
        "def test_counts_words(submission, draw)",
        "def test_counts_words(submission, drow)",
        f"{TEST}, line 7: test_counts_words asks for 'drow', and there is no fixture of that name. A check may ask for"
        " submission, draw, and fixtures of its own file.",
    ),
    "skipped_file": (
        TEST,
        IMPORT,
        f"import pytest\npytest.importorskip('gensimm')\n{IMPORT}",
        "tests/tiny: pytest does not find the check test_counts_words. Is its file skipped, or its name bound anew?",
    ),
    "exits": (
        TEST,
        IMPORT,
        f"raise SystemExit(3)\n{IMPORT}",
        f"{TEST}, line 3: cannot be imported: SystemExit: 3.",
    ),
    "reference": ("solutions/tiny.py", "import numpy", "import gensimm\nimport numpy", missing("solutions/tiny.py", 3)),
    "bank": (
        "solutions/misconceptions/tiny.py",
        "from solutions",
        "import gensimm\nfrom solutions",
        missing("solutions/misconceptions/tiny.py", 2),
    ),
    "crashes": (
        TEST,
        IMPORT,
        f"import os\nos._exit(3)\n{IMPORT}",
        f"{TEST}: to import it ends Python with exit status 3. A module may define things, and do nothing else.",
    ),
}


@pytest.fixture(scope="module")
def all_told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is said of a course with two sound assignments and one for each fault; the crash, which ends it, comes last."""
    course = make_course(tmp_path_factory.mktemp("faulty"))
    for kind, (file, old, new, _) in FAULTS.items():
        add_copy(course, kind)
        edit(course, *(text.replace("tiny", kind) for text in (file, old, new)))
    add_sound(course)
    course = find_course(course.root)
    return find_loading_faults(course, [course.assignment(name) for name in ("tiny", "other", *FAULTS)])


def add_sound(course: Course) -> None:
    """Let a check ask for what pytest itself offers, and add an assignment with another check in a file of the same name."""
    own = "import pytest\n\n\n@pytest.fixture\ndef text():\n    return 'a'\n\n\n@pytest.mark.parametrize('case', [1, 2])\n"
    edit(course, TEST, '@check("q1", points=1, visible', f'{own}@check("q1", points=1, visible')
    asked = "submission, draw, text, case, tmp_path, request"
    edit(course, TEST, "test_counts_words(submission, draw)", f"test_counts_words({asked})")
    add_copy(course, "other")
    (course.root / "tests/other/test_q1_words.py").write_text(
        "from autograder.checks import check\n\n\n@check('q1', points=1)\ndef test_other(submission):\n    ...\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_what_cannot_be_loaded_is_named(all_told: list[str], kind: str) -> None:
    *_, told = FAULTS[kind]
    assert told.replace("tiny", kind) in all_told


def test_files_of_one_name_and_fixtures_of_their_own_are_no_fault(all_told: list[str]) -> None:
    """Each assignment is collected from its own files, with what pytest itself offers."""
    assert len(all_told) == len(FAULTS)
    assert not [line for line in all_told if re.search(r"/(tiny|other)\b", line)]


def test_build_refuses_and_leaves_the_course_as_it_was(course: Course) -> None:
    edit(course, TEST, IMPORT, f"import gensimm\n{IMPORT}")
    before = sorted(course.root.rglob("*"))
    with pytest.raises(UsageError) as raised:
        build(course)
    assert (
        str(raised.value) == f"{missing(TEST, 3)}\n    Nothing was written to release/. Correct this, then build again."
    )
    assert sorted(course.root.rglob("*")) == before
