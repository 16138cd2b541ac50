"""Which of several servers a request goes to: the one that has read its beginning before.

A server keeps what it has read (prefix caching) for prompts that begin alike from the first character on. Rendezvous
hashing (Thaler and Ravishankar 1998) ranks the servers for each beginning: the order is the same in every run and
process, and when a server is lost only its own beginnings move.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

from seedbed.teacher.teacher import Message

LEADING_CHARACTERS = 512
"""Of the last message, that count as the beginning: enough to tell two documents apart, less than a passage has, so
that all tasks about one document go to one server."""


def beginning(messages: Sequence[Message]) -> bytes:
    """A digest of the leading messages and of how the last one begins."""
    digest = hashlib.blake2b(digest_size=16)
    for message in messages[:-1]:
        digest.update(f"{message.role}\0{message.content}\0".encode("utf-8", "surrogatepass"))
    for message in messages[-1:]:
        opening = message.content[:LEADING_CHARACTERS]
        digest.update(f"{message.role}\0{opening}".encode("utf-8", "surrogatepass"))
    return digest.digest()


def ranked(beginning: bytes, names: Sequence[str]) -> list[int]:
    """The places of `names` in the order in which this beginning prefers them; `names` themselves decide, not their order."""

    def weight(place: int) -> tuple[bytes, str]:
        digest = hashlib.blake2b(names[place].encode("utf-8"), key=beginning, digest_size=8)
        return digest.digest(), names[place]

    return sorted(range(len(names)), key=weight)


def within_load(order: Sequence[int], load: Mapping[int, int]) -> int:
    """The first of `order` that has room: at most a quarter more than the average load (consistent hashing with bounded
    loads, Mirrokni, Thorup and Zadimoghaddam 2018), so that one long document does not leave the others idle."""
    most = math.ceil(1.25 * (sum(load[place] for place in order) + 1) / len(order))
    return next(place for place in order if load[place] < most)
