"""Room that the visitors of a public demo share, and who gives way when it is full.

A visitor is a cookie, and anybody can invent cookies; so room is shared between networks: an IPv4
address, or the 64 bits of an IPv6 address that a household or a class has in common.
"""

import hashlib
import ipaddress
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from core import memory

MB = 10**6
_KNOWN = 10_000  # owners whose network is remembered
_key = secrets.token_bytes(16)
_networks: OrderedDict[str, str] = OrderedDict()


@dataclass(frozen=True)
class Room:
    """How much there is: bytes, unless something else is said.

    Attributes:
        total: for all visitors together.
        share: for one network.
    """

    total: int
    share: int


UPLOADS = Room(400 * MB, 150 * MB)  # on disk, until they are imported
DATASETS = Room(800 * MB, 400 * MB)
RUNS = Room(400 * MB, 200 * MB)


@dataclass(frozen=True)
class Inbox:
    """What browsers may send.

    Attributes:
        file: bytes of one file.
        held: bytes of files in memory that open pages show.
        coming: files that come in at a time, one of which is kept for who sends nothing yet.
    """

    file: int
    held: Room
    coming: Room


_LARGE = Inbox(50 * MB, held=Room(150 * MB, 75 * MB), coming=Room(4, 2))
_SMALL = Inbox(20 * MB, held=Room(60 * MB, 30 * MB), coming=Room(2, 1))


def inbox() -> Inbox:
    """What there is room for beside the pages and a training."""
    return _LARGE if memory.there_is() >= memory.ROOMY else _SMALL


@dataclass(frozen=True)
class Item:
    """Something that takes up room.

    Attributes:
        key: what it is let go by.
        network: whose it is; empty if that is not known.
        size: bytes.
        since: when it came, in seconds; only the order counts.
    """

    key: Hashable
    network: str
    size: int
    since: float


def network_of(address: str) -> str:
    """The network of an IP address, as a short text that does not reveal the IP address."""
    try:
        parsed = ipaddress.ip_address(address)
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        bits = 64 if parsed.version == 6 else 32
        address = str(ipaddress.ip_network((parsed, bits), strict=False))
    except ValueError:
        pass  # a socket without a network address
    return hashlib.blake2b(address.encode(), key=_key, digest_size=6).hexdigest()


def met(owner: str, network: str) -> None:
    """Remember from where a visitor was seen last."""
    _networks[owner] = network
    _networks.move_to_end(owner)
    while len(_networks) > _KNOWN:
        _networks.popitem(last=False)


def whereabouts(owner: str) -> str:
    """The network a visitor was seen in last; empty if that is not known."""
    return _networks.get(owner, "")


def to_let_go(items: Iterable[Item], room: Room) -> list[Item]:
    """What has to go so that the rest fits.

    First the oldest of each network that holds more than its share, then the oldest of whichever
    network holds most. What came last always stays.
    """
    held: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.since):
        held[item.network].append(item)
    if not held:
        return []
    latest = max((mine[-1] for mine in held.values()), key=lambda item: item.since)
    gone: list[Item] = []

    def let_go(mine: list[Item]) -> None:
        gone.append(mine.pop(0))

    def size(mine: list[Item]) -> int:
        return sum(item.size for item in mine)

    for network, mine in held.items():
        while network and size(mine) > room.share and mine[0] is not latest:
            let_go(mine)
    while sum(map(size, held.values())) > room.total:
        others = [mine for mine in held.values() if mine and mine[0] is not latest]
        if not others:
            break
        let_go(max(others, key=size))
    return gone
