"""The kernel provisioner through which every process that runs student code is started.

It is registered with jupyter_client under the name ``autograder``. Every kernel manager that names it gets a process in the jail,
forked from the warm parent; the manager needs no other change.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from autograder.course.config import Limits
from autograder.sandbox import warm
from autograder.sandbox.jailed_process import Process
from autograder.sandbox.parent import CHANNELS


class SubmissionProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Starts a kernel in the jail; its ipc sockets lie in a folder that the jail does not show.

    Attributes:
        process: the student's process, once it has started.
    """

    connection_info: dict[str, Any]
    process: Process | None = None
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = await super().pre_launch(**kwargs)
        parent = warm.parent()
        self.number = parent.new_sockets()
        manager = self.parent
        manager.transport, manager.ip = "ipc", parent.socket_prefix(self.number)
        self.folder = Path(tempfile.mkdtemp(prefix="connection-"))
        manager.connection_file = str(
            self.folder / "connection.json"
        )  # jupyter_client requires one; the process never reads it
        for port, name in enumerate((*CHANNELS, "hb"), 1):
            setattr(manager, f"{name}_port", port)
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        self.connection_info = self.parent.get_connection_info()
        told = {**self.connection_info, "key": self.connection_info["key"].decode()}
        files, limits = kwargs.get("files", ()), kwargs.get("limits") or Limits()
        self.process = warm.parent().launch_kernel(self.number, told, files, limits)
        return self.connection_info

    @property
    def has_process(self) -> bool:
        return self.process is not None

    async def poll(self) -> int | None:
        return None if self.process is not None and self.process.poll() is None else 0

    async def wait(self) -> int | None:
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        return 0

    async def send_signal(self, signum: int) -> None:
        if self.process is not None:
            if signum == signal.SIGINT:
                self.process.interrupt()
            else:
                self.process.end()

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        if self.process is not None:
            self.process.close()
            self.process = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
