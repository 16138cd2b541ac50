"""PDF files written by hand, byte by byte: as small as they can be, and as hostile as a test wants them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A file of these objects, numbered from 1; the first is the catalogue."""
    found = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(found))
        found += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        found
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            size,
            table,
            size,
            len(found),
        )
    )


def stream(content: bytes, *, packed: bool = False) -> bytes:
    data = zlib.compress(content, 9) if packed else content
    extra = b" /Filter /FlateDecode" if packed else b""
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def small_pdf(pages: Sequence[Sequence[str]], *, outline: Sequence[tuple[str, int]] = ()) -> bytes:
    """Pages of lines of plain letters, and an outline of (title, page from 0)."""
    first_page = 4
    kids = b" ".join(b"%d 0 R" % (first_page + 2 * index) for index in range(len(pages)))
    first_item = first_page + 2 * len(pages) + 1
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines %d 0 R >>" % (first_item - 1),
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, lines in enumerate(pages):
        shown = b" ".join(b"(%s) Tj T*" % _escaped(line) for line in lines)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (first_page + 2 * index + 1)
        )
        objects.append(stream(b"BT /F1 12 Tf 14 TL 50 800 Td %s ET" % shown, packed=True))
    last = first_item + len(outline) - 1
    ends = b" /First %d 0 R /Last %d 0 R" % (first_item, last) if outline else b""
    objects.append(b"<< /Type /Outlines /Count %d%s >>" % (len(outline), ends))
    for index, (title, page) in enumerate(outline):
        number = first_item + index
        after = b" /Next %d 0 R" % (number + 1) if number < last else b""
        objects.append(
            b"<< /Title (%s) /Parent %d 0 R%s /Dest [%d 0 R /Fit] >>"
            % (_escaped(title), first_item - 1, after, first_page + 2 * page)
        )
    return pdf_of(objects)


def _escaped(text: str) -> bytes:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1")
