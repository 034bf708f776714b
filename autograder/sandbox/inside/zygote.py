"""The warm parent: imports the heavy packages once, then forks each student's process from itself, into its jail.

    python -s -S -P zygote.py SITE_PACKAGES[:SITE_PACKAGES] DESCRIPTOR

The descriptor is one end of a packet socket. Over it comes, as JSON, first the plan and then one launch after the other, as
`parent.py` sends them. The parent lives in the jail itself and ends with whoever started it, and all that it forked with it. For a
launch it forks a maker of namespaces, which ends at once; that forks the keeper, process 1 of the student's own namespace, which
waits and says how it ended; and that the student's process. A launch names the function that this process runs: `agent.serve` for
student code, `builder.serving.serve` for a model that is rebuilt without it.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # -S left site-packages off the path, and with it every .pth file that could name the course
    sys.path += sys.argv[1].split(":")
    sys.path.insert(0, __file__.rpartition("/")[0])

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import socket
from typing import Any

import jail
import own_root
from jail_levels import enclose, user
from keeper import live_in, make_namespaces
from process_tree import end_children, in_child, reap

MESSAGE, DESCRIPTORS = 1 << 17, 16


def main(control: socket.socket) -> None:
    os.umask(0o022)  # whatever that of the command is: other users have to enter the folders that are made here
    plan = json.loads(control.recv(MESSAGE))
    level, refused = enclose(plan)
    live_in(plan["root"] if level != "namespaces" else own_root.HOME)
    sys.path += plan["path"]
    importlib.import_module("agent")
    for name in plan["preload"]:
        with contextlib.suppress(Exception):  # missing or broken here: the notebook that imports it will say so
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or else the first collection in every child would copy all that is shared
    control.send(json.dumps({"level": level, "refused": refused}).encode())
    sys.setrecursionlimit(20_000)  # folders may lie in one another as deep as a path can name
    remove_files(plan, level)  # of one that was killed
    try:
        serve(control, plan, level)
    finally:  # whoever started this has ended, or this has a fault of its own
        end_children()
        remove_files(plan, level)
        shutil.rmtree(plan["folder"], ignore_errors=True)


def remove_files(plan: dict[str, Any], level: str) -> None:
    """Remove what students' users have left where everybody may write; their numbers are this command's alone."""
    for owner in plan["leave_files"] if level == "user" else ():
        jail.remove_files_of(owner)


def serve(control: socket.socket, plan: dict[str, Any], level: str) -> None:
    """Fork one process after the other until nobody is there to ask for one."""
    keepers: dict[int, int | None] = {}  # process id -> user
    while True:
        ready, _, _ = select.select([control], [], [], 1.0 if level == "namespaces" else 0.05)
        for owner in [keepers.pop(pid) for pid in reap() & keepers.keys()]:
            if level != "namespaces":
                end_children(keepers.keys())  # nothing else holds together what a keeper leaves behind
            if level == "user" and owner is not None:
                jail.remove_files_of(owner)
        if not ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
        if not message:
            return
        launch = json.loads(message)
        heard, told = os.pipe()
        if (maker := os.fork()) == 0:
            control.close()
            in_child(make_namespaces, plan, level, launch, descriptors, told)
        for descriptor in (*descriptors, told):
            os.close(descriptor)
        os.waitpid(maker, 0)
        leaves_files = launch["role"] in ("student", "model")  # the others' user owns what the worker has made for them
        owner = user(plan, launch) if leaves_files else None
        keepers |= {int(pid): owner for pid in os.read(heard, 32).split()}
        os.close(heard)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[2])))
