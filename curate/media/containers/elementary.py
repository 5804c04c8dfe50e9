"""Heads of packets of elementary streams (ISO 13818-1, 2.4.3.6): how much of them nothing reads."""

from __future__ import annotations

# Flags of the head, and how many bytes each stands for.
_FIELDS = ((0x20, 6), (0x10, 3), (0x08, 1), (0x04, 1), (0x02, 2))
_TIMES = {2: 5, 3: 10}
_FURTHER, _PRIVATE, _PACK, _COUNTER, _BUFFER, _LAST = 0x01, 0x80, 0x40, 0x20, 0x10, 0x01


def idle_bytes(packet: bytes) -> bytes:
    """Return the private data and the filling of a packet's head that is no filling.

    Args:
        packet: The packet from its start code on; its head is there as far as it is long.
    """
    if len(packet) < 9 or packet[6] >> 6 != 2:
        return b""
    flags, end = packet[7], 9 + packet[8]
    at = 9 + _TIMES.get(flags >> 6, 0) + sum(size for bit, size in _FIELDS if flags & bit)
    found = b""
    if flags & _FURTHER and at < len(packet):
        more, at = packet[at], at + 1
        if more & _PRIVATE:
            found += packet[at : at + 16]
            at += 16
        for bit in (_PACK, _COUNTER, _BUFFER, _LAST):
            if not more & bit:
                continue
            if bit in (_COUNTER, _BUFFER):
                at += 2
            else:
                at += 1 + (packet[at] & 0x7F if at < len(packet) else 0)
    filling = packet[at:end]
    return found + (filling if filling.strip(b"\xff") else b"")
