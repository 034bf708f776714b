"""Hostile submissions that aim at verdicts and at how results travel: nothing is gained here, and each works in a stock grader."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.results import Result
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.attacks import Attack, attacks, hand_in
from autograder.tests.helpers.stock import HONEST, KINDS, Row, by_nbgrader, by_otter, canary, surroundings, table
from autograder.tests.helpers.tiny_course import ASSIGNMENT, MAX_POINTS, RIGHT

pytestmark = pytest.mark.slow

ALL = [attack for attack in attacks() if attack.kind in KINDS]
#: One for each way in; SOAK tries the others too.
QUICK = {
    "result_channel__daemon_writes_results__earns_nothing",
    "result_channel__forged_kernel_messages__earns_nothing",
    "result_channel__forged_lines_on_stdout__earns_nothing",
    "result_channel__outputs_forged_in_the_notebook__earns_nothing",
    "result_channel__replaces_later_cells__earns_nothing",
    "result_channel__secret_from_other_processes__earns_nothing",
    "result_channel__thread_races_for_results__earns_nothing",
    "result_channel__writes_the_gradebook__earns_nothing",
    "verdicts__check_cells_changed__earns_nothing",
    "verdicts__ends_the_process__earns_nothing",
    "verdicts__equal_to_everything__earns_nothing",
    "verdicts__patches_numpy_testing__earns_nothing",
    "verdicts__pickled_code_in_the_results__earns_nothing",
    "verdicts__redefines_helpers__earns_nothing",
    "verdicts__shadow_modules__earns_nothing",
    "verdicts__signals_the_parent__earns_nothing",
    "verdicts__silences_tracebacks__earns_nothing",
    "machine_learning__hard_coded_visible_answers__earns_nothing",
    "machine_learning__reads_expected_answers_from_the_stack__earns_nothing",
}
CHOSEN = [attack for attack in ALL if SOAK or attack.name in QUICK]


def proved_by(tool: str) -> list[Attack]:
    return [attack for attack in CHOSEN if attack.proof == tool]


def test_every_attack_is_proved_by_a_stock_grader() -> None:
    assert {attack.name for attack in ALL} >= QUICK, "the quick share names samples that are not there"
    assert {attack.proof for attack in ALL} == {"nbgrader", "otter"}, "an attack without a proof is never seen to work"


# ---- here


def test_no_attack_earns_a_point_here_and_its_neighbour_loses_none(built: Course, tmp_path: Path) -> None:
    released = built.assignment(ASSIGNMENT).released
    wrong = hand_in(released, tmp_path / "all_wrong.ipynb")
    neighbour = hand_in(released, tmp_path / "neighbour.ipynb", answers=RIGHT)
    found: dict[str, list[str]] = {}
    with surroundings(tmp_path / "beside") as given, Grader(built) as grader:
        assert grader.grade(wrong, ASSIGNMENT).points == 0.0, (
            "an attack can only be seen to gain where nothing is earned"
        )
        judges = multiprocessing.active_children()
        gradebook = Path(given["gradebook"])
        for attack in CHOSEN:
            before = gradebook.read_bytes()
            mark = canary(tmp_path, attack)
            filled = given | {"canary": str(mark)}
            path = hand_in(released, tmp_path / attack.name / "tiny.ipynb", attack, given=filled)
            result, after = grader.grade(path, ASSIGNMENT), grader.grade(neighbour, ASSIGNMENT)
            checks = {
                f"gained points: {result.points}": result.points != 0.0,
                f"made the grader err: {result.faults or result.notes}": _has_errors(result),
                "never ran, so nothing was tried": any("defines no" in check.rationale for check in result.checks),
                "wrote a file outside its folder": mark.read_text() != "untouched",
                "wrote the gradebook": gradebook.read_bytes() != before,
                f"changed its neighbour's points: {after.points}": after.points != MAX_POINTS,
                "ended the judge": multiprocessing.active_children() != judges,
            }
            if said := [text for text, bad in checks.items() if bad]:
                found[attack.name] = said
    assert found == {}, "these attacks gained something here"


def _has_errors(result: Result) -> bool:
    return bool(result.faults) or any(check.status == "error" for check in result.checks)


# ---- where the defence is missing


def works(attack: Attack, points: dict[str, float | None], folder: Path) -> bool:
    """Whether a stock grader was beaten: points that were not earned, no grade at all, or a file written by the grader itself."""
    return points[attack.name] != 0.0 or canary(folder, attack).read_text() != "untouched"


@pytest.mark.parametrize(("tool", "grade"), [("nbgrader", by_nbgrader), ("otter", by_otter)])
def test_each_attack_works_in_a_stock_grader(tool: str, grade: Any, tmp_path: Path) -> None:
    chosen = proved_by(tool)
    points = grade(chosen, tmp_path)
    assert [points[name] for name in HONEST] == [MAX_POINTS, 0.0], f"stock {tool} does not tell right from wrong"
    idle = [attack.name for attack in chosen if not works(attack, points, tmp_path)]
    assert idle == [], f"stock {tool} withstands these: they are no attacks, and prove nothing about our grader"


def test_the_table_tells_no_grade_from_no_points() -> None:
    first, second = (next(attack for attack in ALL if attack.proof == proof) for proof in ("nbgrader", "otter"))
    lines = table([Row(first, 0.0, None), Row(second, 0.0, 2.5), Row(second, 0.0, 0.0, wrote=True)]).splitlines()
    kinds = [attack.kind.replace("_", " ") for attack in (first, second)]
    assert lines[2] == f"| {kinds[0]} | {first.about.rstrip('.')} | 0 / 5 | no grade |  |"
    assert lines[3] == f"| {kinds[1]} | {second.about.rstrip('.')} | 0 / 5 |  | 2.5 / 5 |"
    assert lines[4].endswith("| 0 / 5 |  | 0 / 5, and its code ran in the grader |")


# ---- models that run code, read files or fill memory where they are built


def serialized(*layers: Any) -> dict[str, Any]:
    import keras

    model = keras.Sequential([keras.Input((3,)), *layers])
    config: dict[str, Any] = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    return config


def by_keras(config: dict[str, Any]) -> Any:
    """What a judge would have that left everything to Keras."""
    import keras

    return keras.saving.deserialize_keras_object(config, safe_mode=False)


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    """A file that hostile code makes."""
    return tmp_path / "touched"


def test_the_code_of_a_lambda_runs_in_keras_and_not_here(touched: Path, builder: Any) -> None:
    import keras

    run = eval(f"lambda x: (open({str(touched)!r}, 'w').close(), x)[1]")
    config = serialized(keras.layers.Lambda(run))
    touched.unlink(missing_ok=True)
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [])
    assert not touched.exists(), "code out of a student's model ran in the judge"
    by_keras(config)(np.ones((1, 3)))
    assert touched.exists(), "the config holds no code that runs, so refusing it shows nothing"


def test_a_class_of_a_students_own_is_built_by_keras_and_not_here(touched: Path, builder: Any) -> None:
    import keras

    @keras.saving.register_keras_serializable("hostile")
    class Touching(keras.layers.Layer):  # type: ignore[misc]
        def compute_output_spec(self, x: Any) -> Any:  # Keras would try the layer, which depends on what ran before
            return keras.KerasTensor(x.shape, x.dtype)

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            touched.touch()
            return super().from_config(config)

    config = serialized(Touching())
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [])
    assert not touched.exists(), "a class that a student registered was built in the judge"
    by_keras(config)
    assert touched.exists(), "Keras does not build the class, so refusing it shows nothing"


def test_a_layer_that_reads_a_file_is_built_by_keras_and_not_here(tmp_path: Path, builder: Any) -> None:
    import keras

    secret = tmp_path / "secret.txt"
    secret.write_text("hiddenanswer\n")
    part = keras.saving.serialize_keras_object(keras.layers.StringLookup(vocabulary=["a"]))
    part["config"]["vocabulary"] = str(secret)
    config = serialized(keras.layers.Dense(1))
    config["config"]["layers"].append(part)
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [np.ones((3, 1)), np.ones(1)])
    assert "hiddenanswer" in by_keras(part).get_vocabulary(), "Keras reads no file, so refusing the layer shows nothing"


@pytest.mark.parametrize(
    ("class_name", "sizes"),
    [("Dense", {"units": 10**9}), ("Embedding", {"input_dim": 10**9, "output_dim": 64}), ("LSTM", {"units": 10**6})],
)
def test_a_config_of_a_thousand_million_units_takes_no_memory_here(
    class_name: str, sizes: dict[str, int], builder: Any
) -> None:
    import keras

    small: dict[str, Any] = dict.fromkeys(sizes, 2)
    lead = [keras.layers.Reshape((3, 1))] if class_name == "LSTM" else []
    config = serialized(*lead, getattr(keras.layers, class_name)(**small))
    weights = by_keras(config).get_weights()
    assert builder.Rebuilt(json.dumps(config), weights).layers, (
        "the same config is refused for another reason than its size"
    )
    config["config"]["layers"][-1]["config"] |= sizes
    config["config"]["layers"][-1].pop("build_config", None)
    with pytest.raises(builder.Refused, match=r"whole number|more weights than it has"):
        builder.Rebuilt(json.dumps(config), weights)


HIJACKED = """\
import keras
import numpy as np


class Perfect:
    history = {"accuracy": [1.0], "loss": [0.0]}


def build_model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return hijacked(model)


def hijacked(model):
    model.evaluate = lambda *args, **kwargs: [0.0, 1.0]
    model.predict = lambda x, *args, **kwargs: np.ones((len(x), 1), "float32")
    model.history = Perfect()
    return model


def train(model, x, y, epochs):
    fit = keras.Sequential.fit(model, x[:1], y[:1], epochs=0, verbose=0)
    return hijacked(model)


def told(model, x, y):
    return model.evaluate(x, y)[1], model.predict(x)
"""


def test_hijacked_evaluate_predict_and_history_of_a_model_decide_nothing_here() -> None:
    x = np.random.default_rng(3).normal(size=(16, 4)).astype("float32")
    y = np.ones(16)
    with NotebookRun([HIJACKED], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        submission = StudentNotebook(run)
        model = submission.train(submission.build_model(), x, y, 1)
        accuracy, predicted = submission.told(model, x, y)
        assert accuracy == 1.0 and np.all(predicted == 1.0), "the student's own process is not deceived: no attack"
        ours = model.predict(x)
    assert ours.std() > 0 and np.any(ours < 0.5), (
        "predictions came out of the student's process and not from the weights"
    )
