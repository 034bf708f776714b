"""Sets limits, priority and scheduling of a process outside, so that the system ends or starves it."""

CELL = """\
import os, resource


def loot():
    ways = {
        "limit": lambda: resource.prlimit({victim}, resource.RLIMIT_CORE, (0, 0)),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, {victim}, 7),
        "scheduling": lambda: os.sched_setscheduler({victim}, os.SCHED_IDLE, os.sched_param(0)),
        "cores": lambda: os.sched_setaffinity({victim}, os.sched_getaffinity(0)),
        "signal": lambda: os.kill({victim}, 0),
    }
    took = {  # a call may say that it was done, and not have been
        "priority": lambda: os.getpriority(os.PRIO_PROCESS, {victim}) == 7,
        "scheduling": lambda: os.sched_getscheduler({victim}) == os.SCHED_IDLE,
    }
    through = []
    for name, way in ways.items():
        try:
            way()
            if took.get(name, lambda: True)():
                through.append(name)
        except OSError:
            pass
    return through
"""
Q1 = """\
def count_words(sentence):
    raise LookupError(loot())
"""
PROOF = "off"
