"""The bytes of a TFRecord file and of protocol buffers, as far as the records need them."""

import struct
from collections.abc import Iterator

import google_crc32c

from study.errors import RecordError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_HEADER = struct.Struct("<Q4s")  # length of the data, checksum of the length
_FOOTER = struct.Struct("<I")  # checksum of the data


def frame(data: bytes) -> bytes:
    """Return one entry of a TFRecord file.

    Length, checksum of the length, data, checksum of the data.
    """
    length = struct.pack("<Q", len(data))
    return length + checksum(length) + data + checksum(data)


def unframe(content: bytes) -> Iterator[bytes]:
    """Yield the messages of a TFRecord file."""
    position = 0
    while position < len(content):
        if position + _HEADER.size > len(content):
            raise RecordError("the file is cut off in the head of an entry")
        length, stated = _HEADER.unpack_from(content, position)
        if checksum(content[position : position + 8]) != stated:
            raise RecordError("the checksum of an entry's length is wrong")
        begin = position + _HEADER.size
        end = begin + length
        if end + _FOOTER.size > len(content):
            raise RecordError("the file is cut off within an entry")
        data = content[begin:end]
        if content[end : end + _FOOTER.size] != checksum(data):
            raise RecordError("the checksum of an entry's data is wrong")
        yield data
        position = end + _FOOTER.size


def varint(value: int) -> bytes:
    """Return a non-negative integer as protocol buffers do: seven bits a byte, lowest first.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field of a message."""
    return varint(number << 3 | BYTES) + varint(len(payload)) + payload


def fields(message: bytes, at_most: int) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message.

    Yields
    ------
    number : int
        The field's number.
    value : int or bytes
        An integer, or the content of a length-delimited or fixed-size field.
    """
    position = n_fields = 0
    while position < len(message):
        n_fields += 1
        if n_fields > at_most:
            raise RecordError(f"a message has more than {at_most} fields")
        tag, position = read_varint(message, position)
        kind = tag & 7
        if kind == VARINT:
            value, position = read_varint(message, position)
            yield tag >> 3, value
            continue
        if kind == BYTES:
            length, position = read_varint(message, position)
        elif kind in _FIXED_SIZES:
            length = _FIXED_SIZES[kind]
        else:
            raise RecordError(f"a field has the unknown wire type {kind}")
        if position + length > len(message):
            raise RecordError("a field is longer than its message")
        yield tag >> 3, message[position : position + length]
        position += length


def read_varint(message: bytes, position: int) -> tuple[int, int]:
    """Read a variable-length integer; return it and the position of the byte after it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            break
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise RecordError("an integer does not end")


def checksum(data: bytes) -> bytes:
    """Return the checksum that TensorFlow writes behind data."""
    # The CRC-32C, rotated and shifted so that checksums of checksums stay useful.
    crc = int(google_crc32c.value(data))
    return _FOOTER.pack(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
