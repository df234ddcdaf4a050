"""How much memory there is, by the files of control groups."""

import pytest

from core import memory

GIB = 2**30


@pytest.mark.parametrize(
    ("groups", "files", "found"),
    [
        (None, {}, 8 * GIB),
        ("0::/\n", {"memory.max": "max\n"}, 8 * GIB),
        ("0::/\n", {"memory.max": str(GIB)}, GIB),
        # a container that sees its own group as the root, and its name as outside
        ("4:memory:/docker/1\n", {"memory/memory.limit_in_bytes": str(GIB)}, GIB),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": str(2 * GIB)}, 2 * GIB),
        (
            "5:cpu,memory:/a\n3:cpuset:/b\n0::/\n",
            {"memory/a/memory.limit_in_bytes": str(GIB), "memory/b/memory.limit_in_bytes": "1"},
            GIB,
        ),
        ("0::/a:b\n", {"a:b/memory.max": str(GIB)}, GIB),
        ("0::/\nodd\n", {"memory.max": "", "memory/memory.limit_in_bytes": "odd"}, 8 * GIB),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": str(2**63 - 4096)}, 8 * GIB),
    ],
)
def test_memory_is_what_the_machine_its_container_or_its_group_has(
    tmp_path, monkeypatch, groups, files, found
):
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_MOUNT", tmp_path / "sys")
    if groups is not None:
        (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2 * 2**20}
    monkeypatch.setattr(memory.os, "sysconf", pages.get)
    assert memory.there_is() == found
