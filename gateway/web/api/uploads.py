"""Upload bodies as streams. The usual form parser would spool them to a file: plaintext on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import Message

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import InputRefused

MAX_FIELD_BYTES = 1_024
MAX_PARTS = 8
FILE_FIELD = "file"


def file_name_of(disposition: str | None) -> str | None:
    """The file name of a Content-Disposition header (RFC 6266), or None."""
    if not disposition:
        return None
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()


@dataclass
class _Part:
    name: str = ""
    file_name: str | None = None
    value: bytearray = field(default_factory=bytearray)


class MultipartUpload:
    """A multipart/form-data body read piece by piece: small fields first, then one part named "file".

    fields: what came before the file. `pieces` calls `begin(fields, file name)` when the file's part
    begins, and yields its bytes as they come.
    """

    def __init__(self, content_type: str) -> None:
        """Raises InputRefused where there is no boundary."""
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InputRefused(
                "a multipart body without a boundary",
                advice="let your HTTP client set Content-Type",
                code="form",
            )
        self.fields: dict[str, str] = {}
        self._part = _Part()
        self._header = bytearray()
        self._header_value = bytearray()
        self._file_seen = False
        self._parts = 0
        self._ended = False
        self._out: list[bytes] = []
        self._begin: Callable[[dict[str, str], str | None], None] = lambda fields, name: None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_field,
                "on_header_value": self._header_text,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._part_data,
                "on_part_end": self._part_ends,
                "on_end": self._ends,
            },
        )

    async def pieces(
        self, body: AsyncIterator[bytes], begin: Callable[[dict[str, str], str | None], None]
    ) -> AsyncIterator[bytes]:
        """The file's bytes. Raises InputRefused for a broken body or one without a file."""
        self._begin = begin
        async for chunk in body:
            try:
                self._parser.write(chunk)
            except MultipartParseError as exc:
                raise InputRefused(
                    "the multipart body is broken", advice="send it again", code="form"
                ) from exc
            ready, self._out = self._out, []
            for piece in ready:
                yield piece
        if not (self._file_seen and self._ended):
            raise InputRefused(
                "the form has no complete part named file",
                advice='send the image as the part "file", behind the field "dataset"',
                code="form",
            )

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InputRefused(
                "the form has too many parts", advice="send dataset and file only", code="form"
            )
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_text(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._header_value))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._part.file_name = options[b"filename"].decode("utf-8", "replace")
        self._header.clear()
        self._header_value.clear()

    def _headers_end(self) -> None:
        if self._part.name != FILE_FIELD:
            return
        if self._file_seen:
            raise InputRefused("the form has two files", advice="send one image a request", code="form")
        self._file_seen = True
        self._begin(dict(self.fields), self._part.file_name)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == FILE_FIELD:
            self._out.append(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > MAX_FIELD_BYTES:
            raise InputRefused("a field of the form is too long", advice="send short fields", code="form")

    def _part_ends(self) -> None:
        if self._part.name != FILE_FIELD:
            self.fields[self._part.name] = self._part.value.decode("utf-8", "replace")

    def _ends(self) -> None:
        self._ended = True
