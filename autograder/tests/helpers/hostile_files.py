"""Files that cost whoever reads them much, or that no reader expects."""

from __future__ import annotations

import json
from typing import Any


def cells(*sources: str, **more: object) -> bytes:
    listed: list[Any] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": s} for s in sources
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": listed, **more}).encode()


def old(*made: dict[str, object]) -> bytes:
    return json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": list(made)}]}
    ).encode()


BOMBS = {
    "a heading of level 2.5e9": old({"cell_type": "heading", "level": 2_500_000_000, "source": "x", "metadata": {}}),
    "a heading of level 1e9, 50 times": old(
        *[{"cell_type": "heading", "level": 10**9, "source": "x", "metadata": {}}] * 50
    ),
    "text that a regular expression goes back and forth over": cells("(\n" + "a : b\n" * 20_000),
    "long cells that resemble a released one": cells(
        *["def f(x): return x  # " + "ab" * 2400 + str(i) for i in range(400)]
    ),
    "a hundred thousand cells": cells(*["x"] * 100_000),
    "deep nesting": b'{"nbformat": 4, "cells": ' + b"[" * 200_000,
    "a number of a million digits": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"n": '
    + b"9" * 10**6
    + b'}, "cells": []}',
    "an expression nested too deep for a parser": cells("(" * 100_000, "-" * 500_000 + "1", "x" + "[0" * 50_000),
    "metadata of every wrong type": json.dumps(
        {"nbformat": 4, "metadata": [1], "cells": [{"cell_type": 7, "source": {}}]}
    ).encode(),
}
