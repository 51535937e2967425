"""Pictures that are taken, and the many that must not be."""

import io
import random
import resource
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from centers.values.images import MAX_BYTES, ImageRefused, safe_png

SECONDS = 1.0


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    picture = Image.new(mode, size, 1 if mode in ("1", "L", "P", "I;16") else "teal")
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, *extra: bytes, idat: bytes = b"\0") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = [chunk(b"IHDR", head), *extra, chunk(b"IDAT", zlib.compress(idat)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def webp_of(chunk_name: bytes, head: bytes) -> bytes:
    body = b"WEBP" + chunk_name + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", len(body)) + body + b"\0" * 20


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "1"),
        ("PNG", "L"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGB"),
        ("WEBP", "RGBA"),
    ],
)
def test_takes_the_three_formats_in_their_usual_modes(kind: str, mode: str) -> None:
    with Image.open(io.BytesIO(safe_png(encoded(kind, mode)))) as picture:
        assert picture.format == "PNG"
        assert picture.size == (40, 30)
        assert picture.mode in {"L", "RGB", "RGBA"}


def test_takes_a_progressive_jpeg_and_a_lossless_webp() -> None:
    assert safe_png(encoded("JPEG", progressive=True))
    assert safe_png(encoded("WEBP", lossless=True))


def test_keeps_black_and_white_of_a_code_exactly() -> None:
    out = io.BytesIO()
    code = Image.new("1", (21, 21), 1)
    code.putpixel((3, 4), 0)
    code.save(out, "PNG")
    with Image.open(io.BytesIO(safe_png(out.getvalue()))) as picture:
        assert picture.getpixel((3, 4)) == 0
        assert picture.getpixel((0, 0)) == 255


def test_shrinks_to_the_side_asked_for() -> None:
    with Image.open(io.BytesIO(safe_png(encoded("PNG", size=(800, 400)), max_side=200))) as picture:
        assert picture.size == (200, 100)


def test_what_hides_behind_or_inside_the_picture_is_gone() -> None:
    secret = b"<script>alert(1)</script>"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    for data in (
        encoded("PNG") + secret,
        encoded("JPEG", comment=secret) + secret,
        encoded("JPEG", exif=exif),
        encoded("WEBP", exif=exif) + secret,
        png_of(1, 1, chunk(b"tEXt", b"Comment\0" + secret), idat=b"\0\1\2\3"),
    ):
        assert secret not in safe_png(data)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
CANVAS = struct.pack("<I", 0) + (16382).to_bytes(3, "little") + (16382).to_bytes(3, "little")
ANIMATED = struct.pack("<I", 2) + (9).to_bytes(3, "little") + (9).to_bytes(3, "little")


def animated(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (n, 0, 0)) for n in range(9)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def many_scans() -> bytes:
    whole = encoded("JPEG", size=(1900, 1900), progressive=True)
    at = whole.index(b"\xff\xda")
    end = whole.index(b"\xff", at + 2)
    return whole[:at] + whole[at:end] * 4000 + whole[at:]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"hello",
    "svg": lambda: SVG,
    "svg named png": lambda: b"\x89PNG\r\n\x1a\n" + SVG,
    "gif": lambda: encoded("GIF", "P"),
    "bmp": lambda: encoded("BMP"),
    "tiff": lambda: encoded("TIFF"),
    "ico": lambda: encoded("ICO", size=(16, 16)),
    "eps": lambda: encoded("EPS"),
    "animated gif": lambda: animated("GIF"),
    "animated png": lambda: animated("PNG"),
    "animated webp": lambda: animated("WEBP"),
    "png of 200,000 frames": lambda: png_of(1, 1, chunk(b"acTL", struct.pack(">II", 200_000, 0))),
    "png bomb": lambda: png_of(60_000, 60_000, idat=b"\0" * 1_000_000),
    "png of 4 billion by 1": lambda: png_of(2**32 - 1, 1),
    "png of no width": lambda: png_of(0, 5),
    "png without data": lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13) + chunk(b"IEND", b""),
    "png with two headers": lambda: png_of(1, 1, chunk(b"IHDR", b"\0" * 13)),
    "png cut short": lambda: encoded("PNG")[:40],
    "png without an end": lambda: encoded("PNG")[:-12],
    "png of noise": lambda: png_of(30, 30, idat=b"\xff" * 7),
    "jpeg cut short": lambda: encoded("JPEG", size=(600, 600))[:700],
    "jpeg of many scans": many_scans,
    "jpeg of only a start": lambda: b"\xff\xd8\xff\xd9",
    "jpeg of 65,000 by 65,000": lambda: encoded("JPEG").replace(
        b"\x00\x1e\x00\x28\x03", b"\xfd\xe8\xfd\xe8\x03", 1
    ),
    "webp cut short": lambda: encoded("WEBP")[:25],
    "webp of a huge canvas": lambda: webp_of(b"VP8X", CANVAS),
    "webp lossless huge": lambda: webp_of(b"VP8L", b"\x2f" + b"\xff" * 9),
    "webp lossy huge": lambda: webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"),
    "webp animated by its flag": lambda: webp_of(b"VP8X", ANIMATED),
    "webp of an unknown chunk": lambda: webp_of(b"EVIL", b"\0" * 10),
    "too many bytes": lambda: encoded("PNG") + b"\0" * MAX_BYTES,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_with_a_sentence_in_time(name: str) -> None:
    data = HOSTILE[name]()
    start = time.perf_counter()
    with pytest.raises(ImageRefused) as caught:
        safe_png(data)
    assert time.perf_counter() - start < SECONDS
    assert caught.value.message.endswith(".")


def test_a_png_stuffed_with_compressed_text_costs_nothing() -> None:
    bomb = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 1_000_000, 9))
    data = png_of(1, 1, *[bomb] * 1900, idat=b"\0\1\2\3")
    start = time.perf_counter()
    assert safe_png(data)
    assert time.perf_counter() - start < SECONDS


def test_two_thousand_mutated_files_either_decode_or_are_refused() -> None:
    rng = random.Random(20261123)
    seeds = [encoded(kind, size=(64, 64)) for kind in ("PNG", "JPEG", "WEBP")]
    refused = slowest = 0.0
    # This process has run other tests: what counts is the growth. `make chaos` measures a process of its own.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _round in range(2000):
        data = bytearray(rng.choice(seeds))
        for _flip in range(rng.randint(1, 30)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        start = time.perf_counter()
        try:
            assert safe_png(bytes(data)).startswith(b"\x89PNG")
        except ImageRefused:
            refused += 1
        slowest = max(slowest, time.perf_counter() - start)
    assert 0 < refused < 2000
    assert slowest < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024
