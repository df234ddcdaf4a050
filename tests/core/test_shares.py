"""Who gives way when the room of a public demo is full."""

import pytest

from core import shares
from core.shares import Item, Room

ROOM = Room(total=100, share=50)


def items(*sizes: tuple[str, int]) -> list[Item]:
    """Items named by their place, in the order in which they came."""
    return [
        Item(f"{network}{number}", network, size, number)
        for number, (network, size) in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("held", "gone"),
    [
        ((), []),
        ((("a", 50), ("b", 50)), []),
        # the oldest of a network beyond its share, though there is room
        ((("a", 20), ("a", 20), ("b", 10), ("a", 20)), ["a0"]),
        # then of whoever holds most, even if another's is older
        ((("b", 10), ("a", 25), ("a", 25), ("c", 45)), ["a1"]),
        ((("a", 40), ("b", 40), ("c", 40)), ["a0"]),
        # what came last stays, also alone and too large
        ((("a", 10), ("a", 60)), ["a0"]),
        ((("a", 10), ("b", 120)), ["a0"]),
        # networks that are not known share nothing but the total
        ((("", 30), ("", 30), ("", 30)), []),
        ((("", 30), ("", 30), ("", 30), ("a", 30)), ["0"]),
    ],
)
def test_what_gives_way(held, gone):
    assert [item.key for item in shares.to_let_go(items(*held), ROOM)] == gone


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("", "testclient", False),
    ],
)
def test_what_one_network_is(one, other, same):
    assert (shares.network_of(one) == shares.network_of(other)) is same
    assert one not in shares.network_of(one) or not one


@pytest.mark.parametrize("there_is", [256, 690, 1199, 1200, 64_000])
def test_what_may_be_sent_leaves_room_for_the_pages_and_a_training(monkeypatch, there_is):
    monkeypatch.setattr("core.memory.there_is", lambda: there_is * shares.MB)
    inbox = shares.inbox()
    assert inbox.file <= inbox.held.share < inbox.held.total
    assert inbox.coming.share < inbox.coming.total
    at_once = inbox.held.total + inbox.file * inbox.coming.total
    assert at_once <= max(there_is, 690) * shares.MB / 3
