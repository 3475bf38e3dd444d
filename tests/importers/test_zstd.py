"""Whole and cut zstd data."""

from __future__ import annotations

from mmrun.importers import zstd


#: A frame without content size and checksum, window 1 KiB, one raw block "abc".
FRAME = zstd.MAGIC + b"\x00\x00" + (3 << 3 | 1).to_bytes(3, "little") + b"abc"
#: The same as a single segment with its size, an RLE block of 9 and a checksum.
RLE = zstd.MAGIC + b"\x24\x09" + (9 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"zsum4"
SKIPPABLE = b"\x50\x2a\x4d\x18" + (2).to_bytes(4, "little") + b"hi"


def test_whole_frames_are_whole():
    """Alone and one after another."""
    for data in (FRAME, RLE, SKIPPABLE + FRAME, FRAME + RLE):
        assert zstd.is_whole(data)


def test_every_cut_is_seen():
    """However many bytes are missing at the end of a frame."""
    for frame in (FRAME, RLE, SKIPPABLE):
        for length in range(len(frame)):
            assert not zstd.is_whole(frame[:length])


def test_other_data_are_not_whole_zstd():
    """No frame starts here."""
    assert not zstd.is_whole(b"DBN\x03 and more")
