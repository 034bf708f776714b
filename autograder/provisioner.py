"""The one seam through which every process that runs student code is started.

Registered with jupyter_client under the name ``autograder``. It gives the kernel a clean environment, its own folder for agent and
sockets, and an import path without the course; the jail goes here, and nothing else has to know.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

FLAGS = ("-s", "-S", "-P")  # no user folder, no .pth file, no script folder on the path
HERE = Path(__file__).parent
PASSED_ON = ("CUDA_", "LD_LIBRARY_PATH", "LANG", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "TF_", "TZ", "XLA_")


class SubmissionProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Starts `agent.py` instead of the kernelspec's command, over ipc sockets in a folder of its own."""

    runtime: str = ""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        self.runtime = self.runtime or tempfile.mkdtemp(prefix="kernel-")
        for name in ("agent.py", "wire.py"):
            shutil.copy(HERE / name, self.runtime)
        manager = self.parent
        manager.transport, manager.ip = "ipc", f"{self.runtime}/socket"
        manager.connection_file = f"{self.runtime}/connection.json"
        kwargs = await super().pre_launch(**kwargs)
        kwargs["cmd"] = [sys.executable, *FLAGS, f"{self.runtime}/agent.py", _site_packages(), manager.connection_file]
        kwargs["env"] = clean_environment(kwargs["cwd"])
        return kwargs

    async def cleanup(self, restart: bool = False) -> None:
        await super().cleanup(restart)
        if not restart and self.runtime:
            shutil.rmtree(self.runtime, ignore_errors=True)


def _site_packages() -> str:
    paths = sysconfig.get_paths()
    return ":".join(dict.fromkeys([paths["purelib"], paths["platlib"]]))


def clean_environment(work: str) -> dict[str, str]:
    """The environment of a student's process: nothing of the grader's but thread counts, device choice and locale."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return kept | {
        "HOME": work,
        "TMPDIR": work,
        "KERAS_HOME": f"{work}/.keras",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NLP_DATA": "stand-in",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
