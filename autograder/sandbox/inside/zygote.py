"""The warm parent: imports the heavy packages once, then forks each student's process from itself, into its jail.

    python -s -S -P zygote.py SITE_PACKAGES[:SITE_PACKAGES] DESCRIPTOR

The descriptor is one end of a packet socket. Over it `parent.py` sends JSON: first the plan, then one launch after the other. At
the level `namespaces` the parent itself lives in the jail. It ends with the process that started it, and ends all its descendants.

    parent.py, outside          zygote.py
    starts this process
    the plan -----------------> find the best level of the jail that holds, and enter its namespaces (jail_levels.py)
                                change to a home of its own, extend the import path
                                import agent for students, then the packages to preload; freeze the memory that children share
         <--------------------- level, and why each better one was refused
    a launch, descriptors ----> fork a maker of namespaces, which forks the keeper, which forks the process (keeper.py)
                                wait for the maker alone, and note the keeper
    closes its end, or dies --> end every descendant, remove their files and the folder

A launch names the function that the process runs: `agent:serve` for student code, `builder.serving:serve` for rebuilding models.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # -S leaves site-packages off the path, with every .pth file that could name the course
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
from jail_levels import enclose, find_user
from keeper import live_in, make_namespaces
from process_tree import end_children, in_child, reap

MESSAGE, DESCRIPTORS = 1 << 17, 16


def main(control: socket.socket) -> None:
    os.umask(0o022)  # whatever the command's is: other users must be able to enter the folders made here
    plan = json.loads(control.recv(MESSAGE))
    level, refused = enclose(plan)
    live_in(plan["root"] if level != "namespaces" else own_root.HOME)
    sys.path += plan["path"]
    if plan["role"] == "student":  # readers and judges run no kernel
        importlib.import_module("agent")
    for name in plan["preload"]:
        with contextlib.suppress(Exception):  # missing or broken: the notebook that imports it shows the error
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # otherwise the first collection in each child would copy all shared memory
    control.send(json.dumps({"level": level, "refused": refused}).encode())
    sys.setrecursionlimit(20_000)  # removing files walks nested folders, as deep as a path can be
    remove_files(plan, level)  # left by a command that was killed
    try:
        serve(control, plan, level)
    finally:  # the other side has ended, or this process has failed
        end_children()
        remove_files(plan, level)
        shutil.rmtree(plan["folder"], ignore_errors=True)


def remove_files(plan: dict[str, Any], level: str) -> None:
    """Remove files that students' users left in folders open to everybody; no other command uses these user numbers."""
    for owner in plan["leave_files"] if level == "user" else ():
        jail.remove_files_of(owner)


def serve(control: socket.socket, plan: dict[str, Any], level: str) -> None:
    """Fork a process for each launch, until the other side closes its end."""
    keepers: dict[int, int | None] = {}  # process id -> user
    while True:
        ready, _, _ = select.select([control], [], [], 1.0 if level == "namespaces" else 0.05)
        for owner in [keepers.pop(pid) for pid in reap() & keepers.keys()]:
            if level != "namespaces":
                end_children(keepers.keys())  # without namespaces nothing else ends what a keeper leaves behind
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
        # The users of the other roles own files that the worker made for them.
        leaves_files = launch["role"] in ("student", "model")
        owner = find_user(plan, launch) if leaves_files else None
        keepers |= {int(pid): owner for pid in os.read(heard, 32).split()}
        os.close(heard)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[2])))
