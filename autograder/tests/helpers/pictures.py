"""The picture in the README: the top of a class report, as a browser shows it.

python -m autograder.tests.helpers.pictures demo/report/index.html docs/report.png
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTH, HEIGHT = 1040, 1900  # of the window: who has what, and the first assignment down to what to teach again


def browser() -> str | None:
    """The Chromium of this machine, if it has one."""
    return shutil.which("chromium")


def picture(page: Path, target: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write the first ``width`` x ``height`` pixels of an HTML page to ``target``, a PNG file.

    Raises:
        FileNotFoundError: there is no such page, or no Chromium.
        CalledProcessError: Chromium could not draw it.
    """
    chromium = browser()
    if chromium is None:
        raise FileNotFoundError("chromium is missing. Install it: apt-get install chromium")
    if not page.is_file():
        raise FileNotFoundError(f"{page}: is missing. Run `make demo` first.")
    with tempfile.TemporaryDirectory() as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        options += [f"--window-size={width},{height}", f"--screenshot={target.resolve()}"]
        subprocess.run([chromium, *options, page.resolve().as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    picture(Path(sys.argv[1]), Path(sys.argv[2]))
