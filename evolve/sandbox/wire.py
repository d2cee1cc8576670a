"""The messages between the trusted process, the zygote and a program's process. Nothing is ever unpickled.

Three channels. *Control* (trusted process and zygote, both trusted): length-prefixed JSON on a socket, with
descriptors. *Requests* (to the program's process): one write of 64-bit integers, the call's serial number
first. *Replies* (from it, not trusted): an 8-byte number, which is the serial number of the call that is
done, or, when negative, the kind and length of a text that follows.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from nashforge.evolve.sandbox.errors import Status

NUMBER = struct.Struct("<q")
LENGTH = struct.Struct("<I")
MAX_NUMBERS = 64
MAX_TEXT = 3900
"""Longest text of a reply in bytes: with its header it stays below PIPE_BUF, so that one write is atomic."""

MAX_CONTROL = 1 << 20


class Kind(IntEnum):
    """The kind of a reply with a text."""

    READY = 1
    REJECTED = 2
    CRASHED = 3
    MEMORY = 4
    INVALID_OUTPUT = 5
    INFRASTRUCTURE = 6


KIND_OF_STATUS = {
    Status.REJECTED: Kind.REJECTED,
    Status.CRASHED: Kind.CRASHED,
    Status.MEMORY: Kind.MEMORY,
    Status.INVALID_OUTPUT: Kind.INVALID_OUTPUT,
    Status.INFRASTRUCTURE: Kind.INFRASTRUCTURE,
}
STATUS_OF_KIND = {int(kind): status for status, kind in KIND_OF_STATUS.items()}


def pack_reply(kind: Kind, text: str = "") -> bytes:
    """Encode a reply with a text, shortened in the middle if it is too long."""
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TEXT:
        data = data[: MAX_TEXT // 2] + b"\n...\n" + data[-(MAX_TEXT // 2 - 5) :]
    return NUMBER.pack(-(int(kind) | len(data) << 8)) + data


def unpack_reply(number: int) -> tuple[int, int]:
    """Return kind and text length from the number of a reply; the kind is 0 if there is none such."""
    kind, length = -number & 0xFF, -number >> 8
    return (kind, length) if number < 0 and length <= MAX_TEXT else (0, 0)


def send(channel: socket.socket, message: Any, descriptors: Sequence[int] = ()) -> None:
    """Send one control message with descriptors."""
    data = json.dumps(message).encode()
    data = LENGTH.pack(len(data)) + data
    sent = socket.send_fds(channel, [data], list(descriptors))
    channel.sendall(data[sent:])


def receive(channel: socket.socket, descriptors: int = 0) -> tuple[Any, list[int]]:
    """Receive one control message and at most so many descriptors.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    head, received, _, _ = socket.recv_fds(channel, LENGTH.size, descriptors)
    while 0 < len(head) < LENGTH.size:
        more = channel.recv(LENGTH.size - len(head))
        if not more:
            break
        head += more
    if len(head) < LENGTH.size:
        raise EOFError("the other end of the sandbox's control channel is closed")
    (left,) = LENGTH.unpack(head)
    if left > MAX_CONTROL:
        raise EOFError(f"a control message of {left} bytes is not one of ours")
    parts = []
    while left:
        part = channel.recv(left)
        if not part:
            raise EOFError("the other end of the sandbox's control channel closed in the middle of a message")
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), received
