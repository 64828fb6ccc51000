"""The text in a file that may be compressed, in whatever encoding it names or bears."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from pathlib import Path

from checkers.errors import InputError

MOST_BYTES = 2**30  # of text: no data set of this size can be trained on, and a compressed file may unfold to anything
Opener = Callable[[io.BufferedReader], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]
OPENERS: dict[bytes, Opener] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_plain_text(path: Path) -> tuple[str, str]:
    """The text, and its encoding: by its mark, else UTF-8, else the one that old spreadsheets write. Raises InputError if it is no text."""
    content = _unpacked(path)
    marked = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text, encoding
    raise InputError(f"cannot read {path}: it is not text in {marked or 'UTF-8'}, and not an npy, npz or parquet file either")


def _unpacked(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        opener = next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), None)
        try:
            content = (file if opener is None else opener(file)).read(MOST_BYTES + 1)
        except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
            if opener is None:
                raise
            raise InputError(f"cannot read {path}: its compression is broken or cut off ({str(error).rstrip('.')})") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{path} holds more than {MOST_BYTES:,} bytes of text")
    return content
