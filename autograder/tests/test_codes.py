"""Errors and observations carry a code, so that a program need not compare texts; kept results carry the version of their fields."""

from __future__ import annotations

import ast
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.errors import CODES, Ungradable, UsageError, known_code
from autograder.files import PACKAGE
from autograder.grading import store
from autograder.judge.results import CheckResult, Result
from autograder.obstacles import OBSTACLES, code_of
from autograder.sandbox import warm
from autograder.sandbox.broker import Broker, RemoteParent

CARRY_CODES = {"UsageError", "Ungradable", "CheckFailed", "CheckResult", "Result", "Stopped", "Difference", "Obstacle"}


def codes_of(path: Path) -> set[str]:
    """The texts that are given or assigned as a code in a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        elif isinstance(node, ast.FunctionDef):
            arguments = node.args.kwonlyargs
            given = [d for a, d in zip(arguments, node.args.kw_defaults, strict=True) if a.arg == "code" and d]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "code":
            given = [node.value] if node.value else []
        elif isinstance(node, ast.Assign) and any("code" in ast.unparse(target) for target in node.targets):
            given = [node.value]
        texts = [each for value in given for each in ast.walk(value) if isinstance(each, ast.Constant)]
        found |= {each.value for each in texts if isinstance(each.value, str) and each.value}
    return found


def test_every_code_is_in_the_table_and_every_one_of_the_table_is_used() -> None:
    passed_on = {"our-fault"}  # also given by position
    modules = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(PACKAGE / "tests")]
    carrying = [path for path in modules if any(f"{name}(" in path.read_text() for name in CARRY_CODES)]
    used = set().union(*map(codes_of, carrying)) | {found.code for found in OBSTACLES.values()} | passed_on
    assert used & CODES.keys() == CODES.keys(), "of the table"
    assert {code for code in used if "-" in code} <= CODES.keys()


@pytest.mark.parametrize("error", [UsageError("a", code="not-built"), Ungradable("b", code="too-large")])
def test_an_error_keeps_its_code_on_its_way_between_processes(error: UsageError | Ungradable) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code) == (type(error), str(error), error.code)


def test_an_error_keeps_its_code_on_its_way_to_the_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise UsageError("no jail", code="weak-jail")

    monkeypatch.setattr(warm, "parent", refuse)
    broker = Broker([], Limits())
    with ThreadPoolExecutor(1) as worker, pytest.raises(UsageError, match="no jail") as error:
        worker.submit(broker.answer)
        RemoteParent(broker.theirs, "user", tmp_path).new_sockets()
    broker.close()
    assert error.value.code == "weak-jail"


def test_an_error_without_a_code_of_its_own_has_that_of_its_kind() -> None:
    assert (UsageError("a").code, Ungradable("b").code) == ("usage", "ungradable")
    assert code_of(OSError(28, "No space left on device")) == "full-disk" and code_of(KeyError("a")) == "our-fault"


def test_what_the_jail_says_is_believed_only_where_the_table_has_it() -> None:
    for told in ("<script>", 3, None, ["too-large"]):
        assert known_code(told, "ungradable") == "ungradable"
    assert known_code("too-large", "ungradable") == "too-large"
    with pytest.raises(ValueError, match="code"):
        CheckResult(question="q", check="c", title="t", status="failed", points=0, max_points=1, code="<b>")


def a_result() -> Result:
    check = CheckResult(question="q1", check="c", title="t", status="failed", points=0, max_points=1, code="raised")
    return Result(assignment="tiny", student="ann", submission="", points=0, max_points=1, seconds=0, checks=[check])


def test_the_line_of_json_has_the_fields_of_the_design_and_no_other() -> None:
    line = json.loads(a_result().json_line())
    assert list(line) == ["assignment", "student", "submission", "points", "max_points", "seconds", "checks", "notes"]
    assert list(line["checks"][0]) == [
        *("question", "check", "title", "status", "points", "max_points", "misconception", "rationale", "hint")
    ]


def test_a_kept_result_of_before_the_codes_is_of_version_1(built: Course) -> None:
    store.save(built, a_result())
    path = store.result_path(built, "ann", "tiny")
    kept = json.loads(path.read_text())
    assert kept.pop("schema_version") == 1 and kept["checks"][0].pop("code") == "raised" and kept.pop("code") == ""
    path.write_text(json.dumps(kept))
    found = store.load(built, "ann", "tiny")
    assert found is not None and (found.schema_version, found.checks[0].code) == (1, "")
    path.write_text(json.dumps({**kept, "schema_version": 2}))
    with pytest.raises(UsageError, match="is no result of this version") as error:
        store.load(built, "ann", "tiny")
    assert error.value.code == "unreadable-result"
