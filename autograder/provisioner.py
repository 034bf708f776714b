"""The one seam through which every process that runs student code is started.

Registered with jupyter_client under the name ``autograder``: a kernel manager that names it gets a process forked from the warm parent
into the jail, whoever the manager belongs to. Nothing else has to know.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from autograder import warm
from autograder.config import Limits

_numbers = itertools.count()


class SubmissionProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Starts a kernel in the jail, over ipc sockets in a folder that the jail cannot see.

    Attributes:
        process: the student's process, once it is started.
    """

    connection_info: dict[str, Any]
    process: warm.JailedProcess | None = None
    folder: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = await super().pre_launch(**kwargs)
        parent, number = warm.parent(), str(next(_numbers))
        self.folder = parent.folder / "sockets" / number
        self.folder.mkdir()
        manager = self.parent
        manager.transport, manager.ip = "ipc", f"{parent.sockets}/{number}/s"
        manager.connection_file = str(self.folder / "connection.json")
        for port, name in enumerate((*warm.CHANNELS, "hb"), 1):
            setattr(manager, f"{name}_port", port)
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        self.connection_info = self.parent.get_connection_info()
        told = {**self.connection_info, "key": self.connection_info["key"].decode()}
        self.process = warm.parent().launch_kernel(told, kwargs.get("files", ()), kwargs.get("limits") or Limits())
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
