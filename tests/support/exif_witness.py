"""exiftool, which we did not write, says what is in files: one process for many of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Found = dict[str, dict[str, Any]]
"""Tags and their values, by the group that exiftool puts them in."""

# What exiftool says of itself, of the file system, and what it computes from the rest.
_ABOUT = {"ExifTool", "System", "File", "Composite"}

PLAIN_TAGS: Mapping[str, frozenset[str]] = {
    "Composite": frozenset({"ImageSize", "Megapixels"}),
    "PNG": frozenset(
        {"ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter", "Interlace"}
    ),
    "RIFF": frozenset(
        {"WebPVersion", "VP8Version", "ImageWidth", "ImageHeight", "HorizontalScale", "VerticalScale"}
        | {"AlphaIsUsed", "WebP_Flags", "AnimationLoopCount", "BackgroundColor", "FrameCount", "Duration"}
    ),
    "JFIF": frozenset({"JFIFVersion", "ResolutionUnit", "XResolution", "YResolution"}),
    "IFD": frozenset(
        {"ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "PhotometricInterpretation"}
        | {"StripOffsets", "StripByteCounts", "SamplesPerPixel", "RowsPerStrip", "PlanarConfiguration"}
        | {"Predictor"}
    ),
    "File": frozenset(
        {"FileType", "FileTypeExtension", "MIMEType", "ImageWidth", "ImageHeight", "EncodingProcess"}
        | {"BitsPerSample", "ColorComponents", "YCbCrSubSampling", "PageCount"}
    ),
}
"""By group, the tags that describe pixels and nothing else; IFD stands for every page of a TIFF."""


def exiftool(*paths: Path) -> Iterator[tuple[Path, Found]]:
    """Each file with all that is found in it, unknown and repeated tags too. Raises FileNotFoundError."""
    command = shutil.which("exiftool")
    if command is None:
        raise FileNotFoundError("exiftool is not installed (Debian: libimage-exiftool-perl)")
    asked = [command, "-a", "-u", "-G1", "-g1", "-json", "-@", "-"]
    names = "\n".join(map(str, paths))
    answer = subprocess.run(asked, input=names, capture_output=True, text=True, timeout=300)
    for path, each in zip(paths, json.loads(answer.stdout or "[]"), strict=True):
        yield path, {group: tags for group, tags in each.items() if isinstance(tags, dict)}


def more_than_structure(found: Found) -> list[str]:
    """What a file says beyond its own structure, as GROUP:TAG; nothing for a file of bare pixels."""
    more = []
    for group, tags in found.items():
        known = PLAIN_TAGS.get(re.sub(r"^(Sub)?IFD\d+$", "IFD", group))
        if known is None and group not in _ABOUT:
            more += [f"{group}:{tag}" for tag in tags]
            continue
        little_endian = {"ExifByteOrder"} if found.get("File", {}).get("FileType") == "TIFF" else set()
        if known is not None:
            more += [f"{group}:{tag}" for tag in tags.keys() - known - little_endian]
        more += [f"{group}:{tag}" for tag in tags if tag in {"Warning", "Error"}]
    return more


def survivors(content: bytes, values: Sequence[str]) -> list[str]:
    """Which of the values stand in the bytes, in any of the ways in which headers write text."""
    return [
        value
        for value in values
        if any(
            value.encode(way, "ignore") in content for way in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
        )
    ]
