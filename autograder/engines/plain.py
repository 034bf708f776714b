"""Make a submission's folder safe for nbgrader, which follows links, waits for pipes, and reads a time of any length."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from pathlib import Path

from autograder import files
from autograder.errors import Ungradable
from autograder.files import is_regular
from autograder.intake.stamps import STAMP_FILE, parse_stamp, read_stamp
from autograder.printable import printable


def make_plain(folder: Path, tree: Path) -> list[str]:
    """Replace or set aside the files in a submission's folder that are not plain ones.

    Args:
        tree: nbgrader's tree, in which the folder lies.

    Returns:
        A line for each file that was replaced or set aside.

    Raises:
        Ungradable: the folder, or the notebook called after it, is a link itself.
    """
    above = [part for part in (folder, *folder.parents) if part.is_relative_to(tree) and part != tree]
    if strange := next((part for part in above if part.is_symlink()), None):
        raise Ungradable(f"{printable(str(strange))}: is a link and was not followed.", code="link")
    notebook = folder / f"{folder.name}.ipynb"
    if os.path.lexists(notebook) and not is_regular(notebook):
        raise Ungradable(f"{printable(str(notebook))}: is a link or special file and was not read.", code="link")
    lines = []
    for top, _, names in os.walk(folder):
        for path in (Path(top, name) for name in names):
            if not is_regular(path):
                what = f"a link to '{printable(os.readlink(path))}'" if path.is_symlink() else "a special file"
                path.unlink()
                path.write_text(f"This was {what}. It is not followed.\n", encoding="utf-8")
                lines.append(f"{printable(str(path))}: was {what}; a text that says so is in its place.")
    stamp = folder / STAMP_FILE
    data = read_stamp(stamp)
    if data is not None and parse_stamp(data) is None:
        stamp.replace(stamp.with_name(f"{STAMP_FILE}.unread"))
        lines.append(f"{printable(str(stamp))}: holds no time and was set aside.")
    elif data and data.startswith(BOM_UTF8):
        files.write_whole(stamp, data.removeprefix(BOM_UTF8))
    return lines
