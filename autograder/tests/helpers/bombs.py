"""Submissions that use up a resource: with how much, and which limit stops them."""

from __future__ import annotations

from autograder.tests.helpers.attacks import attacks

SMALL = {
    "seconds_per_cell": 30.0,
    "seconds_per_call": 3.0,
    "memory_mib": 512,
    "scratch_mib": 16,
    "output_mib": 4,
    "processes": 64,
    "open_files": 128,
}
WIDE = {
    "seconds_per_cell": 60.0,
    "seconds_per_call": 60.0,
    "memory_mib": 3000,
    "scratch_mib": 1024,
    "output_mib": 1000,
    "processes": 400,
    "open_files": 1024,
    "cpu_seconds": 100.0,
}
PAYLOAD = {"many": "200", "mib": "800", "scratch": "40", "output": "200", "seconds": "8"}
MODEST = {"many": "200", "mib": "800", "scratch": "40", "output": "20", "seconds": "3"}
PROCESSES = "at most 64 processes and threads"
DISK = "at most 16 MiB of files"
OUTPUT = "printed more than 4 MiB"
MEMORY = "512 MiB of memory"
TIME = "ran longer than 3 s"


#: Sample -> the limit that stops it, as a student reads it; empty where nothing is used and so nothing needs to stop it.
NAMED = {
    "forks_children_without_end": PROCESSES,
    "leaves_zombies": PROCESSES,
    "starts_threads_without_end": PROCESSES,
    "takes_all_memory": MEMORY,
    "takes_all_memory_with_many_processes": MEMORY,
    "fills_the_disk_with_one_file": DISK,
    "fills_the_disk_with_many_files": DISK,
    "makes_files_without_content": DISK,
    "makes_a_sparse_file": DISK,
    "prints_without_end": OUTPUT,
    "shows_huge_pages": OUTPUT,
    "writes_to_the_terminal_without_end": "",
    "opens_files_without_end": "at most 128 files open",
    "never_returns": TIME,
    "swallows_every_interrupt": TIME,
    "blocks_every_signal_in_native_code": TIME,
    "uses_up_the_processor": TIME,
}
RESOURCES = {attack.name.split("__")[1]: attack for attack in attacks("resources")}
