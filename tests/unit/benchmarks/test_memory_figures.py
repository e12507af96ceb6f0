"""Reading a process's memory as Linux tells it."""

from benchmarks.memory import Memory

ROLLUP = """00400000-7ffd5c3f1000 ---p 00000000 00:00 0                              [rollup]
Rss:               10240 kB
Pss:                5120 kB
Pss_Dirty:          2000 kB
Shared_Clean:       4096 kB
Private_Clean:      1024 kB
Private_Dirty:      2048 kB
"""


def test_a_rollup_is_read_in_bytes() -> None:
    memory = Memory.of(ROLLUP)
    assert memory == Memory(resident=10 << 20, proportional=5 << 20, own=3 << 20)
