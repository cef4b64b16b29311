"""Whether a file is as long as its container says."""

from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1aE\xdf\xa3"
_SEGMENT = b"\x18S\x80g"
_MAX_BOXES = 100_000  # more than fragments of a clip; a file of empty boxes would never end


def ends_early(path: Path) -> bool:
    """Return whether a file ends before its container does.

    Returns True where a box, or the segment, reaches beyond the end of the file.

    `path`: an MP4 or a Matroska file; of others nothing is promised.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if head[4:] == b"ftyp":
            return _boxes_end(file, n_bytes) > n_bytes
        if head[:4] == _EBML:
            return _segment_end(file) > n_bytes
    return False


def _boxes_end(file: BinaryIO, n_bytes: int) -> int:
    # A row of boxes, each headed by its size: 4 bytes, or 1 and then 8 more.
    place = 0
    for _ in range(_MAX_BOXES):
        if place >= n_bytes:
            return place
        file.seek(place)
        head = file.read(16)
        size = int.from_bytes(head[:4])
        size = int.from_bytes(head[8:16]) if size == 1 else size
        if size == 0:  # to the end of the file
            return n_bytes
        place += max(size, 8)
    return n_bytes


def _segment_end(file: BinaryIO) -> int:
    # A header of its own size, then one segment that holds everything.
    file.seek(len(_EBML))
    file.seek(_size(file), 1)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return 0
    return _size(file) + file.tell()


def _size(file: BinaryIO) -> int:
    # Leading zeros of the first byte tell how many bytes follow; ones throughout: not known.
    first = int.from_bytes(file.read(1))
    if not first:
        return 0
    n_more = 8 - first.bit_length()
    rest = file.read(n_more)
    size = int.from_bytes(bytes([first ^ (0x80 >> n_more)]) + rest)
    return 0 if size == (1 << 7 * (n_more + 1)) - 1 else size
