"""What is kept over a reload, and for how long."""

from pages.components import memory
from pages.components.memory import Memory


def test_the_oldest_memories_are_forgotten_when_they_grow_too_many(monkeypatch):
    monkeypatch.setattr(memory, "_MOST_BYTES", 5_000)
    shelf = memory._Shelf()
    for number in range(5):
        shelf.put(f"visitor{number}", Memory(uploads=[("a.png", b"x" * 2_000)]))
    kept = [number for number in range(5) if shelf.get(f"visitor{number}") is not None]
    assert kept == [3, 4]


def test_one_visitor_never_sees_what_another_showed():
    shelf = memory._Shelf()
    shelf.put("one", Memory({"objects": [1]}, b"png"))
    assert shelf.get("another") is None
