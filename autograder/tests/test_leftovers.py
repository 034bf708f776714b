"""What a command that was killed leaves behind is gone with the next one, and nothing of a living one is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from autograder.course.config import Jail, Limits
from autograder.machine import leftovers
from autograder.machine.cgroup import Group
from autograder.machine.users import own_users
from autograder.sandbox import warm
from autograder.sandbox.parent import WarmParent
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings

MAKES = """\
import sys, time
from autograder.machine.cgroup import Group
from autograder.machine import leftovers

leftovers.AGE = -1.0
folder, _ = leftovers.make_own_folder()
(folder / "home").mkdir()
group = Group.make(512, 64)
print(folder, *(group.folders if group else ()), flush=True)
time.sleep(float(sys.argv[1]))
"""


@contextmanager
def command(seconds: float, place: Path) -> Iterator[tuple[subprocess.Popen[str], list[Path]]]:
    """Another command, and the folders that it has made, one of them in ``place``; it is killed at the end."""
    given = [sys.executable, "-c", MAKES, str(seconds)]
    environment = os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process, [Path(name) for name in process.stdout.readline().split()]
        finally:
            process.kill()


def test_folders_and_groups_of_a_killed_command_are_removed_and_others_stay(tmp_path: Path) -> None:
    with command(60, tmp_path) as (_, living):
        with command(60, tmp_path) as (process, dead):
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert all(path.exists() for path in dead), "nothing was left, so its removal shows nothing"
        with command(0, tmp_path) as (process, own):
            process.wait()
        assert not any(path.exists() for path in dead)
        assert all(path.exists() for path in living)
    for group in (*living[1:], *own[1:]):  # of two commands that are no more
        with suppress(OSError):  # somebody else's command was quicker
            group.rmdir()


def test_a_process_id_that_is_used_again_keeps_no_group(tmp_path: Path) -> None:
    own, pid = leftovers.name_own_group(3), os.getpid()
    others = [f"autograder-{pid}-1-0", "autograder-999999999-5-0"]
    for name in (own, *others, "autograder-doctor-1", "another"):
        (tmp_path / name).mkdir()
    leftovers.remove_groups(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([own, "autograder-doctor-1", "another"])


@pytest.mark.skipif(os.getuid() != 0, reason="only root has other users")
def test_files_outside_the_scratch_are_gone_when_the_next_parent_starts() -> None:
    """On the level `user`, where a notebook may write in /tmp; whoever should have removed them was killed."""
    place = Path(
        tempfile.mkdtemp(prefix="autograder-tests-")
    )  # somebody else's, with a folder that is open to everybody in it
    place.chmod(0o755)
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    (place / "open/own").mkdir()
    left = [Path("/tmp/autograder-tests-left"), place / "open/file", place / "open/own", place / "open/own/file"]
    for path in left:
        if not path.exists():
            path.write_text("by a killed command")
        os.chown(path, own_users().student, own_users().student)
    warm.settle(Surroundings(jail=Jail(minimum="user"), levels=("user",)))
    try:
        if warm.start().level != "user":
            pytest.skip("no other user can read this Python; test_walls.py runs this with one that everybody can read")
        with NotebookRun(["x = 1"], [], Limits()) as run:
            run.run_cells()
            assert run.outcomes[0] is None
        assert not any(path.exists() for path in left) and (place / "open").exists()
    finally:
        left[0].unlink(missing_ok=True)
        shutil.rmtree(place)
        warm.reset()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has other users")
def test_the_user_that_connects_to_kernels_owns_none_of_their_folders(tmp_path: Path) -> None:
    parent = WarmParent(Surroundings(sockets=(tmp_path / "sockets", "judge")))
    try:
        found = os.stat(tmp_path / "sockets" / str(parent.new_sockets()))
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, own_users().judge, 0o710)
    finally:
        parent.close()
    assert not parent.folder.exists()


def test_a_group_ends_with_its_process() -> None:
    group = Group.make(512, 64)
    if group is None:
        pytest.skip("no control groups here")
    assert all(folder.exists() for folder in group.folders)
    group.remove()
    assert not any(folder.exists() for folder in group.folders)
