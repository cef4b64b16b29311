"""What is packed inside a file, as bytes that can be searched: a limited part of each."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from mmap import mmap

SQLITE = b"SQLite format 3\0"
UNREADABLE = (zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)
LARGEST_PART = 32 * 2**20
LARGEST_PACKED = 512 * 2**20
MOST_PARTS = 2_000
_PNG, _PDF, _ZIP, _GZIP = b"\x89PNG\r\n\x1a\n", b"%PDF", b"PK\x03\x04", b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib: a gzip header is expected

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_CHARS = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>")
_STRING = rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>"
_SHOWN = re.compile(
    rb"(?P<one>"
    + _STRING
    + rb")\s*(?:Tj|'|\")|\[(?P<many>(?:"
    + _STRING
    + rb"|[^\[\]()<>])*)\]\s*TJ",
    re.DOTALL,
)
_ONE = re.compile(_STRING, re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

Letters = dict[bytes, str]  # what a font's codes stand for


def parts(content: bytes | mmap) -> Iterator[bytes]:
    """Yield what a file has packed: pages of a PDF, words in a PNG, members of an archive.

    Yields at most `LARGEST_PART` of each of the first `MOST_PARTS`; nothing for other kinds. Raises
    ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError if it cannot be
    unpacked, because it is damaged or encrypted.
    """
    head = content[:8]
    if len(content) > LARGEST_PACKED and head.startswith((_PDF, _ZIP, _GZIP)):
        raise ValueError(f"it is larger than {LARGEST_PACKED // 2**20} MiB")
    if head == _PNG:
        yield from _words_of_png(content)
    elif head.startswith(_PDF):
        yield from _pages_of_pdf(content)
    elif head.startswith(_ZIP):
        yield from _members(content)
    elif head.startswith(_GZIP):
        yield _inflated(content[:], _GZIP_WINDOW)


def _inflated(packed: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    return zlib.decompressobj(window).decompress(packed, LARGEST_PART)


def _members(content: bytes | mmap) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content[:])) as archive:
        for member in archive.infolist()[:MOST_PARTS]:
            yield member.filename.encode()
            with archive.open(member) as file:
                yield file.read(LARGEST_PART)


def _words_of_png(content: bytes | mmap) -> Iterator[bytes]:
    at = len(_PNG)
    for _ in range(MOST_PARTS):
        head = content[at : at + 8]
        if len(head) < 8:
            return
        (size,), kind = struct.unpack(">I", head[:4]), head[4:]
        if kind in (b"zTXt", b"iTXt"):
            packed = content[at + 8 : at + 8 + min(size, LARGEST_PART)]
            # Behind keyword, method and languages; where it begins differs by kind.
            starts = [i for i in range(len(packed)) if packed[i : i + 1] == b"\x78"]
            for start in starts[:MOST_PARTS]:
                try:
                    yield _inflated(packed[start:])
                except zlib.error:
                    continue
        at += 12 + size


def _pages_of_pdf(content: bytes | mmap) -> Iterator[bytes]:
    if content.find(b"/Encrypt") >= 0:
        raise ValueError("the PDF is encrypted")
    streams = []
    for found in list(_STREAM.finditer(content))[:MOST_PARTS]:
        try:
            streams.append(_inflated(found[1]))
        except zlib.error:
            streams.append(found[1])  # not packed, or in another way, such as a picture
    yield from streams
    fonts = [letters for stream in streams if (letters := _letters(stream))]
    for stream in (stream for stream in streams if b"Tj" in stream or b"TJ" in stream):
        for shown in _SHOWN.finditer(stream):
            strings = [shown["one"]] if shown["one"] else _ONE.findall(shown["many"])
            codes = b"".join(_codes(string) for string in strings)
            yield codes
            for letters in fonts:
                yield _read(codes, letters).encode()


def _letters(stream: bytes) -> Letters:
    letters: Letters = {}
    for block in _CHARS.findall(stream):
        for code, letter in _PAIR.findall(block):
            letters[_unhex(code)] = _unhex(letter).decode("utf-16-be", errors="replace")
    for block in _RANGES.findall(stream):
        for first, last, letter in _RANGE.findall(block):
            low, high, width = int(first, 16), int(last, 16), len(_unhex(first))
            start = int.from_bytes(_unhex(letter)[-2:])
            for code in range(low, min(high, low + 0xFFFF) + 1):
                letters[code.to_bytes(width)] = chr((start + code - low) & 0xFFFF)
    return letters


def _read(codes: bytes, letters: Letters) -> str:
    width = len(next(iter(letters)))
    pieces = (codes[at : at + width] for at in range(0, len(codes), width))
    return "".join(letters.get(piece, "\ufffd") for piece in pieces)


def _codes(string: bytes) -> bytes:
    if string.startswith(b"<"):
        return _unhex(string[1:-1])
    return _ESCAPE.sub(_unescaped, string[1:-1])


def _unescaped(escape: re.Match[bytes]) -> bytes:
    found = escape[1]
    if found[:1] in b"01234567":
        return bytes([int(found, 8) & 0xFF])
    return b"" if found in (b"\n", b"\r\n") else _ESCAPED.get(found, found)


def _unhex(digits: bytes) -> bytes:
    packed = b"".join(digits.split())
    return bytes.fromhex((packed + b"0" * (len(packed) % 2)).decode())
