"""Images from people and from MazBot: checked before they are decoded, and never passed on unchanged.

The result is a PNG that we encoded and that contains pixels and nothing else: no metadata, no second file
behind the first, no frames. Every limit is checked on the bytes before Pillow allocates a canvas.
"""

import io
import struct
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from centers.errors import OperationRefused

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 4_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# A progressive JPEG has about 10 scans; each one is a pass over all pixels, so 100,000 of them are an attack.
_MAX_JPEG_SCANS = 64
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")


class ImageRefused(OperationRefused):
    """The data is not an image we accept; `.message` is the reason."""


def safe_png(
    data: bytes, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS, *, max_side: int | None = None
) -> bytes:
    """The picture in `data` (PNG, JPEG or WebP, one frame) as a fresh PNG without metadata.

    `max_side` in pixels shrinks a larger picture. Raises ImageRefused for any other input.
    """
    if len(data) > max_bytes:
        raise ImageRefused(_("The image is larger than %(size)s KB.") % {"size": max_bytes // 1024})
    kind, checked = _screen(data, max_pixels)
    try:
        with Image.open(io.BytesIO(checked), formats=[kind]) as picture:
            _check_pixels(picture.width, picture.height, max_pixels)
            if getattr(picture, "n_frames", 1) > 1:
                raise ImageRefused(_("The image has more than one frame."))
            return _as_png(picture, max_side)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise _damaged() from error
    except (ArithmeticError, LookupError, TypeError, AttributeError, MemoryError, struct.error) as error:
        raise _damaged() from error


def _screen(data: bytes, max_pixels: int) -> tuple[str, bytes]:
    """(Pillow's format name, the bytes to decode); refuses by the header alone."""
    if data.startswith(_PNG):
        return "PNG", _plain_png(data, max_pixels)
    if data.startswith(_JPEG):
        if data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
            raise _damaged()
        return "JPEG", data
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        _check_webp(data, max_pixels)
        return "WEBP", data
    raise ImageRefused(_("The image isn't a PNG, JPEG or WebP file."))


def _plain_png(data: bytes, max_pixels: int) -> bytes:
    """The same PNG with only its pixels: no text, profile, animation or trailing bytes."""
    bodies: dict[bytes, list[bytes]] = {name: [] for name in _PNG_KEPT}
    for name, body in _png_chunks(data):
        if name == b"acTL":
            raise ImageRefused(_("The image has more than one frame."))
        if name in bodies:
            bodies[name].append(body)
    if len(bodies[b"IHDR"]) != 1 or len(bodies[b"IHDR"][0]) != 13 or not bodies[b"IDAT"]:
        raise _damaged()
    width, height = struct.unpack(">II", bodies[b"IHDR"][0][:8])
    _check_pixels(width, height, max_pixels)
    chunks = [_chunk(name, b"".join(bodies[name])) for name in _PNG_KEPT if bodies[name]]
    return b"".join([_PNG, *chunks, _chunk(b"IEND", b"")])


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        if name == b"IEND":
            return
        if at + 12 + size > len(data):
            raise _damaged()
        yield name, data[at + 8 : at + 8 + size]
        at += 12 + size
    raise _damaged()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _check_webp(data: bytes, max_pixels: int) -> None:
    """Refuse by the canvas in the header, because libwebp allocates it on opening.

    Layout: https://developers.google.com/speed/webp/docs/riff_container
    """
    if len(data) < 30:
        raise _damaged()
    chunk, head = data[12:16], data[20:30]
    if chunk == b"VP8X":
        if head[0] & 0x02:
            raise ImageRefused(_("The image has more than one frame."))
        width = 1 + int.from_bytes(head[4:7], "little")
        height = 1 + int.from_bytes(head[7:10], "little")
    elif chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", head[6:10]))
    else:
        raise _damaged()
    _check_pixels(width, height, max_pixels)


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageRefused(
            _("The image is too large: %(width)s x %(height)s pixels.") % {"width": width, "height": height}
        )
    if not width or not height:
        raise _damaged()


def _as_png(picture: Image.Image, max_side: int | None) -> bytes:
    picture.load()
    if picture.mode.startswith("I;16") or picture.mode == "I":
        flat = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.mode in ("1", "L"):
        flat = picture.convert("L")
    else:
        flat = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    fresh = Image.new(flat.mode, flat.size)  # without `info`: metadata would be written again
    fresh.paste(flat)
    if max_side:
        fresh.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    # Noise of the largest accepted size takes half a second at this level, over twice that at the default.
    fresh.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _damaged() -> ImageRefused:
    return ImageRefused(_("The image is damaged, or the file isn't an image."))
