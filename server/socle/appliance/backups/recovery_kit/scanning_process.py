"""The child that reads the QR codes of one picture (standard input) and says their texts as JSON (standard output)."""

import resource
import sys
from io import BytesIO

import msgspec
import zxingcpp
from PIL import Image, ImageOps

LARGEST_PIXELS = 120_000_000
LARGEST_MEMORY = 2 * 1024**3
_QR_ONLY = zxingcpp.barcode_formats_from_str("QRCode")
LONG_SIDE = 4000
"""Pixels; a sheet scanned at 300 dpi has 3508."""


def main() -> None:
    """Read, decode, write. What PIL cannot open ends this process with an error, and nothing else."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
    with Image.open(BytesIO(sys.stdin.buffer.read())) as opened:
        opened.draft("L", (LONG_SIDE, LONG_SIDE))
        picture = ImageOps.exif_transpose(opened.convert("L"))
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    found: dict[str, None] = {}
    for tried in (picture, ImageOps.autocontrast(picture, cutoff=2), picture.resize(_half(picture.size))):
        codes = zxingcpp.read_barcodes(tried, formats=_QR_ONLY)
        found.update(dict.fromkeys(code.text for code in codes))
    sys.stdout.buffer.write(msgspec.json.encode(list(found)))


def _half(size: tuple[int, int]) -> tuple[int, int]:
    return max(1, size[0] // 2), max(1, size[1] // 2)


if __name__ == "__main__":
    main()
