"""Opening what students really hand in: other formats, lost ids, surgery on cells, other people's notebooks."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.course.course import Course
from autograder.errors import Ungradable
from autograder.intake.notebook import Opened
from autograder.tests.helpers.tiny_course import RIGHT, open_file, submit

Edit = Callable[[NotebookNode], None]


def opened(course: Course, tmp_path: Path, edit: Edit | None = None, **answers: str) -> Opened:
    path = submit(course, tmp_path / "tiny.ipynb", **(answers or RIGHT))
    if edit is not None:
        notebook = nbformat.read(path, as_version=4)
        edit(notebook)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return open_file(path, course, "tiny")


def ids(notebook: NotebookNode) -> list[str]:
    return [cell.id for cell in notebook.cells if not cell.id.startswith("own")]


def source_of(notebook: NotebookNode, cell_id: str) -> str:
    return str(next(cell.source for cell in notebook.cells if cell.id == cell_id))


def lose_ids(notebook: NotebookNode) -> None:
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        cell.pop("id", None)
        cell.metadata = {}


def lose_ids_and_change_line_ends(notebook: NotebookNode) -> None:
    lose_ids(notebook)
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n")


def duplicate_everything(notebook: NotebookNode) -> None:
    notebook.cells = [cell for one in notebook.cells for cell in (one, nbformat.from_dict(one))]


def reverse(notebook: NotebookNode) -> None:
    notebook.cells.reverse()


def delete_checks(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("q1", "q2", "setup", "title")]


def turn_checks_into_markdown(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.id in ("q1", "q2"):
            cell.cell_type = "markdown"
            cell.pop("outputs", None)


@pytest.mark.parametrize(
    "edit",
    [
        None,
        lose_ids,
        lose_ids_and_change_line_ends,
        duplicate_everything,
        reverse,
        delete_checks,
        turn_checks_into_markdown,
    ],
)
def test_every_released_cell_is_there_once_with_the_students_answers(
    built_once: Course, tmp_path: Path, edit: Edit | None
) -> None:
    notebook = opened(built_once, tmp_path, edit).notebook
    released = nbformat.read(built_once.assignment("tiny").released, as_version=4)
    assert sorted(ids(notebook)) == sorted(ids(released))
    assert source_of(notebook, "q1-solution").split() == RIGHT["q1"].split()
    assert source_of(notebook, "q2-solution").split() == RIGHT["q2"].split()
    assert source_of(notebook, "q1") == source_of(released, "q1")


@pytest.mark.parametrize("edit", [lose_ids, lose_ids_and_change_line_ends, duplicate_everything, delete_checks])
def test_the_draws_depend_on_the_students_code_alone(built_once: Course, tmp_path: Path, edit: Edit) -> None:
    assert opened(built_once, tmp_path, edit).student_code == opened(built_once, tmp_path).student_code
    assert opened(built_once, tmp_path, q1="x = 1").student_code != opened(built_once, tmp_path).student_code


#: Answers that behave differently, although an editor's eye sees one text.
ALIKE = [
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\nb""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a \nb""")',
    'def count_words(sentence):\n    """Two lines,\n\n    a docstring."""\n    return len("""a\nb""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\x0bb""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\x0cb""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\rb""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\u2028b""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\x85b""")',
    'def count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\nb""")\n',
    '\ndef count_words(sentence):\n    """Two lines,\n    a docstring."""\n    return len("""a\nb""")',
]


def test_texts_that_differ_at_all_draw_differently(built_once: Course, tmp_path: Path) -> None:
    keys = [opened(built_once, tmp_path, q1=text, q2=RIGHT["q2"]).student_code for text in ALIKE]
    assert len(set(keys)) == len(ALIKE)


def own_cells(*texts: str, before: str = "q1-solution") -> Edit:
    """Cells of the student's own in front of a released one."""

    def edit(notebook: NotebookNode) -> None:
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == before)
        notebook.cells[place:place] = [new_code_cell(text) for text in texts]

    return edit


def test_borders_and_places_of_cells_count(built_once: Course, tmp_path: Path) -> None:
    edits = [
        own_cells("a = 1", "b = 2"),
        own_cells("a = 1\nb = 2"),
        own_cells("a = 1", "b = 2", ""),
        own_cells("a = 1\n", "b = 2"),
        own_cells("a = 1", "\nb = 2"),
        own_cells("b = 2", "a = 1"),
        own_cells("a = 1", "b = 2", before="setup"),  # what is locked runs after it
        own_cells("a = 1", "b = 2", before="q2-solution"),
        own_cells('a = 1"], ["", "b = 2'),
    ]
    keys = [opened(built_once, tmp_path, edit).student_code for edit in edits]
    assert len(set(keys)) == len(edits)


def test_what_no_program_can_notice_changes_no_draw(built_once: Course, tmp_path: Path) -> None:
    def prose(notebook: NotebookNode) -> None:
        notebook.cells.insert(1, new_markdown_cell("  My notes. \n\n"))
        notebook.metadata["mine"] = "\u2028"

    assert opened(built_once, tmp_path, prose).student_code == opened(built_once, tmp_path).student_code


def test_both_releases_give_the_same_draws(built_once: Course, tmp_path: Path) -> None:
    otter = nbformat.read(built_once.root / "release" / "otter" / "tiny" / "tiny.ipynb", as_version=4)
    for cell in otter.cells:
        if cell.id in ("q1-solution", "q2-solution"):
            cell.source = RIGHT[cell.id[:2]]
    path = tmp_path / "from_otter.ipynb"
    nbformat.write(otter, path)
    found = open_file(path, built_once)
    assert found.student_code == opened(built_once, tmp_path).student_code
    assert not any("otter" in cell.source for cell in found.code)


def test_of_two_copies_of_an_answer_the_last_one_filled_in_counts(built_once: Course, tmp_path: Path) -> None:
    def copies(notebook: NotebookNode) -> None:
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "q1-solution")
        stub = nbformat.read(built_once.assignment("tiny").released, as_version=4).cells[place]
        second = nbformat.from_dict({**notebook.cells[place], "source": "def count_words(s):\n    return 2"})
        notebook.cells[place + 1 : place + 1] = [second, stub]

    found = opened(built_once, tmp_path, copies)
    assert source_of(found.notebook, "q1-solution").endswith("return 2")
    assert any("q1-solution" in note for note in found.notes)
    runs = [cell.source for cell in found.code]
    assert runs.index(RIGHT["q1"]) < runs.index("def count_words(s):\n    return 2")
    assert not any("NotImplementedError" in text for text in runs)


def test_helper_cells_stay_where_they_stood(built_once: Course, tmp_path: Path) -> None:
    def add_helper(notebook: NotebookNode) -> None:
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "q1-solution")
        notebook.cells.insert(place, new_code_cell("def helper(): return 1"))

    runs = [cell.source for cell in opened(built_once, tmp_path, add_helper).code]
    assert runs.index("def helper(): return 1") == runs.index(RIGHT["q1"]) - 1


def test_an_answer_in_prose_is_found_without_its_marks(built_once: Course, tmp_path: Path) -> None:
    def explain(notebook: NotebookNode) -> None:
        notebook.cells[-1] = new_markdown_cell("Because the sum of two words is no word.")
        lose_ids(notebook)

    assert source_of(opened(built_once, tmp_path, explain).notebook, "explain").startswith("Because")


def with_cell(name: str, **fields: Any) -> Edit:
    """An edit that changes fields of one cell."""

    def edit(notebook: NotebookNode) -> None:
        cell = next(cell for cell in notebook.cells if cell.id == name)
        for field in ("outputs", "execution_count") if "cell_type" in fields else ():
            cell.pop(field, None)
        cell.update(fields)

    return edit


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("also", [lambda _: None, lambda notebook: notebook.cells[-1].metadata.clear()])
def test_an_answer_whose_cell_is_no_code_any_more_counts(
    built_once: Course, tmp_path: Path, kind: str, also: Edit
) -> None:
    def edit(notebook: NotebookNode) -> None:
        with_cell("q1-solution", cell_type=kind, attachments={"a.png": {"image/png": "iVBO"}})(notebook)
        also(notebook)

    found = opened(built_once, tmp_path, edit)
    assert RIGHT["q1"] in [cell.source for cell in found.code] and found.notes == []
    assert found.student_code == opened(built_once, tmp_path).student_code
    nbformat.validate(found.notebook)


def test_an_old_attempt_that_was_made_text_stands_behind_the_new_one(built_once: Course, tmp_path: Path) -> None:
    def edit(notebook: NotebookNode) -> None:
        with_cell("q1-solution", cell_type="markdown", source="def count_words(s):\n    return 2")(notebook)
        notebook.cells.append(new_code_cell(RIGHT["q1"]))

    runs = [cell.source for cell in opened(built_once, tmp_path, edit).code]
    assert RIGHT["q1"] in runs and not any("return 2" in source for source in runs)


@pytest.mark.parametrize("kind", ["code", "raw"])
def test_prose_whose_cell_is_no_text_any_more_is_read(built_once: Course, tmp_path: Path, kind: str) -> None:
    found = opened(built_once, tmp_path, with_cell("explain", cell_type=kind, source="Words have no order."))
    assert source_of(found.notebook, "explain") == "Words have no order."
    assert next(cell for cell in found.notebook.cells if cell.id == "explain").cell_type == "markdown"


def test_prose_in_several_cells_is_read_whole(built_once: Course, tmp_path: Path) -> None:
    def split(notebook: NotebookNode) -> None:
        answer = notebook.cells[-1]
        pictures = {"a.png": {"image/png": "iVBO"}}
        parts = [answer | {"source": text} for text in ("One half.", "The other half.", "One half.")]
        notebook.cells[-1:] = [NotebookNode(copy.deepcopy(part)) for part in parts]
        notebook.cells[-2].attachments = pictures

    found = opened(built_once, tmp_path, split)
    assert source_of(found.notebook, "explain") == "One half.\n\nThe other half."
    assert next(cell for cell in found.notebook.cells if cell.id == "explain").attachments["a.png"]
    assert found.notes == ["The answer to 'explain' is in 3 cells. All of them count."]


@pytest.mark.parametrize("filled", [False, True])
def test_prose_in_a_cell_of_its_own_is_read_where_the_answer_was_left(
    built_once: Course, tmp_path: Path, filled: bool
) -> None:
    def below(notebook: NotebookNode) -> None:
        if filled:
            notebook.cells[-1].source = "My answer."
        notebook.cells += [new_markdown_cell("Words have"), new_markdown_cell("no order.")]

    found = opened(built_once, tmp_path, below)
    answer = source_of(found.notebook, "explain")
    assert answer == "My answer." if filled else answer.endswith("\n\nWords have\n\nno order.")
    own = [cell.source for cell in found.notebook.cells if cell.id.startswith("own")]
    assert own == (["Words have", "no order."] if filled else [])
    assert any("taken for its answer" in note for note in found.notes) is not filled


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_a_notebook_may_be_written_in_any_unicode(built_once: Course, tmp_path: Path, encoding: str) -> None:
    path = submit(built_once, tmp_path / "tiny.ipynb", **RIGHT)
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    assert open_file(path, built_once).student_code == opened(built_once, tmp_path).student_code


@pytest.mark.parametrize(
    "junk", ["a", ["a"], 1, None, {"a": "b"}, {"a": {"image/png": 1}}, {"a": {"image/png": {"b": 1}}}]
)
def test_pictures_in_a_text_stay_and_nothing_else_that_is_attached(
    built_once: Course, tmp_path: Path, junk: Any
) -> None:
    held = {"a.png": {"image/png": ["iVBO", "Rw0K"], "text/html": "<b>"}, "b.svg": {"image/svg+xml": "<svg>"}}

    def attach(notebook: NotebookNode) -> None:
        notebook.cells[-1].update(source="![a](attachment:a.png)", attachments=held)
        notebook.cells += [
            NotebookNode(new_markdown_cell("my own") | {"attachments": attached}) for attached in (held, junk)
        ]

    cells = opened(built_once, tmp_path, attach).notebook.cells[-3:]
    assert [cell.attachments["a.png"] for cell in cells[:2]] == [{"image/png": "iVBORw0K"}] * 2
    assert "text/html" not in str(cells) and "svg+xml" not in str(cells)
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


def test_a_changed_locked_cell_is_put_back_behind_the_change_and_reported(built_once: Course, tmp_path: Path) -> None:
    mine = "import math\nimport numpy"  # what the answer needs is there, what others need is not

    def change(notebook: NotebookNode) -> None:
        next(cell for cell in notebook.cells if cell.id == "setup").source = mine

    found = opened(built_once, tmp_path, change)
    runs = [cell.source for cell in found.code]
    assert runs.index("import numpy as np") == runs.index(mine) + 1
    assert "Locked cell 'setup' had been changed; the released one was run after it." in found.notes


def test_a_helper_in_a_copy_of_a_locked_cell_stays(built_once: Course, tmp_path: Path) -> None:
    def copy_and_change(notebook: NotebookNode) -> None:
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "q1-example")
        notebook.cells.insert(
            place + 1, nbformat.from_dict({**notebook.cells[place], "source": "def helper(): return 1"})
        )

    runs = [cell.source for cell in opened(built_once, tmp_path, copy_and_change).code]
    assert runs.index("def helper(): return 1") == runs.index('sentence = "a good film"') + 1


ALL_IN_ONE = f"{RIGHT['q1']}\n\none_hot = lambda index, size: np.eye(size)[index]"


@pytest.mark.parametrize("answers", [ALL_IN_ONE, f"%time\n{ALL_IN_ONE}", f"if True:\n{indent(ALL_IN_ONE, '    ')}"])
@pytest.mark.parametrize("stubs", ["deleted", "left empty"])
@pytest.mark.parametrize("first", [lambda notebook: None, lose_ids])
def test_all_answers_in_one_cell_are_not_undone_by_stubs(
    built_once: Course, tmp_path: Path, answers: str, stubs: str, first: Edit
) -> None:
    def merge(notebook: NotebookNode) -> None:
        if stubs == "deleted":
            notebook.cells = [cell for cell in notebook.cells if not cell.id.endswith("-solution")]
        notebook.cells.insert(4, new_code_cell(answers))
        first(notebook)

    runs = [cell.source for cell in opened(built_once, tmp_path, merge, q3="").code]
    empty = [place for place, text in enumerate(runs) if "NotImplementedError" in text]
    assert runs.count(answers) == 1 and max([*empty, 0]) < runs.index(answers)


def test_what_stands_in_a_check_cell_is_not_run(built_once: Course, tmp_path: Path) -> None:
    def change(notebook: NotebookNode) -> None:
        next(cell for cell in notebook.cells if cell.id == "q1").source = "raise SystemExit"

    assert not any("SystemExit" in cell.source for cell in opened(built_once, tmp_path, change).code)


def bad(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "bad.ipynb"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no notebook"),
        ("hello", "no notebook"),
        (b"\xff\xfe\x00", "no notebook"),
        (b"PK\x03\x04", "no notebook"),
        ("[]", "no notebook"),
        ('{"a": 1}', "no notebook"),
        ("[" * 100_000, "no notebook"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "damaged"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}', "damaged"),
        ('{"nbformat": 99, "metadata": {}, "cells": []}', "damaged"),
        ('{\n "cells": [{"cell_type": "code", "source": ["x', "damaged notebook (it ends too early)"),
        ('{"cells": [\n{"cell_type": "code",\n,, "source": []}], "metadata": {}}', "damaged notebook (from line 3 on)"),
        ('{"cells": [\n<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> main\n]}', "merge conflict markers"),
        ('{"name": "a package"', "no notebook"),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"language": "R", "name": "ir"}}, "cells": []}',
            "for R",
        ),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "julia"}}, "cells": []}',
            "for julia",
        ),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "no answer to"),
    ],
)
def test_what_is_no_notebook_of_this_course_gets_one_clear_line(
    built_once: Course, tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(Ungradable) as error:
        open_file(bad(tmp_path, text), built_once, "tiny")
    assert says in str(error.value)
    assert str(error.value).startswith("bad.ipynb: ")
    assert "\n" not in str(error.value)


def test_a_notebook_that_is_too_large_is_not_even_read(built_once: Course, tmp_path: Path) -> None:
    path = tmp_path / "huge.ipynb"
    with open(path, "wb") as file:
        file.truncate(200 << 20)
    with pytest.raises(Ungradable, match="has 200 MiB; the limit is 50 MiB"):
        open_file(path, built_once)


def test_cells_of_every_shape_are_read(built_once: Course, tmp_path: Path) -> None:
    def odd(notebook: NotebookNode) -> None:
        notebook.cells[0]["source"] = ["# Words", " and vectors"]
        notebook.cells[1]["metadata"] = None
        notebook.cells[2]["cell_type"] = "heading"
        notebook["metadata"]["kernelspec"] = None

    assert source_of(opened(built_once, tmp_path, odd).notebook, "q2-solution") == RIGHT["q2"]


JUNK: list[Any] = [None, 0, -1.5, "", "def f(:", "\x00", [], {}, [1, 2], [[["x"]]], True, 10**30]
JUNK += [{"nbgrader": 5}, {"nbgrader": {"grade_id": [1]}}, {"nbgrader": {"grade_id": {}, "locked": "x"}}, {"tags": 5}]


def places(part: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a JSON tree."""
    keys = part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    return [deeper for key in keys for deeper in ((*way, key), *places(part[key], (*way, key)))]


def test_however_it_is_damaged_it_opens_or_gets_one_clear_line(built_once: Course, tmp_path: Path) -> None:
    whole = json.loads(submit(built_once, tmp_path / "tiny.ipynb", **RIGHT).read_text(encoding="utf-8"))
    rng, outcomes = random.Random(7), set()
    for _ in range(400):
        damaged = copy.deepcopy(whole)
        for _ in range(rng.randint(1, 4)):
            *way, last = rng.choice(places(damaged))
            part = damaged
            for key in way:
                part = part[key]
            part[last] = copy.deepcopy(rng.choice(JUNK))
        path = bad(tmp_path, json.dumps(damaged))
        try:
            found = open_file(path, built_once, "tiny")
            outcomes.add(bool(found.student_code or found.code))
        except Ungradable as error:
            outcomes.add(str(error).startswith("bad.ipynb: ") and "\n" not in str(error))
    assert outcomes == {True}
