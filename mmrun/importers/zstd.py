"""Whether zstd data are whole: decoders of streams stop at a cut without a word.

Source: RFC 8878, section 3.1 (frames, blocks and their headers).
"""

from __future__ import annotations


MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  #: the last three bytes of 0x184D2A5?, little endian
_RLE_BLOCK = 1
_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4


def is_whole(data: bytes) -> bool:
    """Whether the data are zstd frames and the last one ends with the data."""
    position = 0
    while position < len(data):
        end = _frame_end(data, position)
        if end is None or end > len(data):
            return False
        position = end
    return bool(data)


def _frame_end(data: bytes, start: int) -> int | None:
    """Where the frame that starts here ends; None if it is none or has no end."""
    if data[start + 1 : start + 4] == _SKIPPABLE:
        return start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
    if data[start : start + 4] != MAGIC or start + 4 >= len(data):
        return None
    descriptor = data[start + 4]
    position = start + 5 + _header_bytes(descriptor)
    last = False
    while not last:
        header = data[position : position + _BLOCK_HEADER_BYTES]
        if len(header) < _BLOCK_HEADER_BYTES:
            return None
        fields = int.from_bytes(header, "little")
        last = bool(fields & 1)
        size = 1 if (fields >> 1) & 3 == _RLE_BLOCK else fields >> 3
        position += _BLOCK_HEADER_BYTES + size
    has_checksum = bool(descriptor & 0b100)
    return position + _CHECKSUM_BYTES * has_checksum


def _header_bytes(descriptor: int) -> int:
    """Bytes of window, dictionary id and content size after the descriptor."""
    single_segment = bool(descriptor & 0b10_0000)
    content = (int(single_segment), 2, 4, 8)[descriptor >> 6]
    dictionary = (0, 1, 2, 4)[descriptor & 0b11]
    return (not single_segment) + dictionary + content
