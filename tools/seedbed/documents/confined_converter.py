"""PDF or HTML on standard input, Markdown as JSON on standard output: run as a script, in a process of its own.

The document is a stranger's. Before the first byte is read, this process gives up what it could do harm with: memory,
processor time and files are capped by the kernel, the network is left where the kernel allows it, and what a parser in
Python could still do about files, sockets and other programs is refused by an audit hook. So that the interpreter can
start it alone (`python -I`), it imports nothing of Seedbed.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import logging
import os
import re
import resource
import sys
from collections import Counter
from typing import Any

MEMORY = 1 << 30  # bytes of address space
SECONDS = 60  # of processor time
CHARACTERS = 8 << 20  # of text
PAGES = 2_000
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # linux/sched.h: CLONE_NEWUSER, CLONE_NEWNET
_REFUSED = ("socket.", "subprocess.", "shutil.", "ctypes.", "os.")  # audit events
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
_NO_TEXT = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form", "iframe", "svg")


class Refused(Exception):
    """Why there is no text; `hint` is what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def confine() -> None:
    """Give up memory, time, files and network; call it when the parser is imported."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes are no files
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    with contextlib.suppress(
        AttributeError, OSError
    ):  # a namespace without network; not every kernel allows it
        ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)
    libraries = tuple(os.path.realpath(folder) + os.sep for folder in sys.path if folder)
    sys.addaudithook(lambda event, arguments: _audit(event, arguments, libraries))


def _audit(event: str, arguments: tuple[Any, ...], libraries: tuple[str, ...]) -> None:
    """Refuse what no parser needs: anything but reading modules of the interpreter's own folders."""
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
        name = os.path.realpath(os.fsdecode(path)) if isinstance(path, str | bytes) else ""
        if writes or not name.startswith(libraries):
            raise PermissionError("a document's parser may read and write no file")
    elif event.startswith(_REFUSED) and event not in ("os.listdir", "os.scandir"):
        raise PermissionError(f"a document's parser may not use {event}")


def pdf_markdown(raw: bytes) -> tuple[str, list[int]]:
    """The text of a PDF, page after page, and the line (from 1) on which each page begins.

    Lines that the outline names become headings; a line that stands first or last on most pages, and a bare page
    number, are left out; a word that is cut at a line's end is put together.
    """
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(raw))
    if reader.is_encrypted:
        raise Refused(
            "is encrypted", "save it without a password, such as with: qpdf --decrypt in.pdf out.pdf"
        )
    count = len(reader.pages)
    if count > PAGES:
        raise Refused(f"has {count:,} pages; at most {PAGES:,} are read", "split it into several documents")
    pages: list[list[str]] = []
    size = 0
    for page in reader.pages:
        text = page.extract_text()
        size += len(text)
        _bounded(size)
        pages.append([line.rstrip() for line in text.splitlines()])
    if not any(line.strip() for page in pages for line in page):
        raise Refused(
            "holds no text, as when its pages are scanned pictures",
            "add a text layer first: ocrmypdf in.pdf out.pdf",
        )
    headings = _outline(reader)
    lines: list[str] = []
    starts: list[int] = []
    for number, shown in enumerate(_without_running_lines(pages)):
        starts.append(len(lines) + 1)
        lines += [*_page_lines(shown, headings.get(number, {})), ""]
    return "\n".join(lines), starts


def _outline(reader: Any) -> dict[int, dict[str, int]]:
    """Page → title → level (1 to 6) of the entries of the outline."""
    found: dict[int, dict[str, int]] = {}
    waiting: list[tuple[Any, int]] = [(reader.outline, 1)]
    while waiting:
        entries, level = waiting.pop()
        for entry in entries:
            if isinstance(entry, list):
                waiting.append((entry, level + 1))
                continue
            page = reader.get_destination_page_number(entry)
            if page is not None and entry.title:
                found.setdefault(page, {})[_plain(str(entry.title))] = min(level, 6)
    return found


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The pages without headers and footers: outermost lines that are alike, figures apart, on most pages."""
    filled = [[line for line in page if line.strip()] for page in pages]
    ends = Counter(end for page in filled if page for end in {_shape(page[0]), _shape(page[-1])})
    running = {shape for shape, count in ends.items() if not shape or (count > 2 and count * 2 > len(filled))}
    found = []
    for page in filled:
        first, last = 0, len(page)
        if last and _shape(page[0]) in running:
            first = 1
        if last > first and _shape(page[-1]) in running:
            last -= 1
        found.append(page[first:last])
    return found


def _shape(line: str) -> str:
    return re.sub(r"\d+", "", _plain(line))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _page_lines(page: list[str], headings: dict[str, int]) -> list[str]:
    lines: list[str] = []
    for line in page:
        level = headings.get(_plain(line))
        if level:
            lines += ["", f"{'#' * level} {' '.join(line.split())}", ""]
        elif lines and re.search(r"[^\W\d_]-\Z", lines[-1]) and line[:1].islower():
            lines[-1] = lines[-1][:-1] + line
        else:
            lines.append(re.sub(r"^(\s*)(#)", r"\1\\\2", line))  # only the outline makes headings
    return lines


def html_markdown(raw: bytes) -> tuple[str, list[int]]:
    """The text of a page's main part as Markdown with headings, lists and tables; what a reader would not see is left out."""
    from bs4 import BeautifulSoup
    from bs4.dammit import EncodingDetector
    from markdownify import MarkdownConverter

    encoding = EncodingDetector.find_declared_encoding(raw, is_html=True) or "utf-8"
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError) as error:
        raise Refused(f"is not {encoding}, as it should be", "save it as UTF-8") from error
    soup = BeautifulSoup(text, "lxml")
    root = soup.find("main") or soup.find("article") or soup.find("body") or soup
    title = soup.find("title")
    for tag in [tag for tag in root.find_all(True) if tag.name in _NO_TEXT or _is_hidden(tag)]:
        tag.extract()
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
    )
    body = str(converter.convert_soup(root))
    heading = f"# {' '.join(title.get_text().split())}\n\n" if title and root.find("h1") is None else ""
    lines = [line.rstrip() for line in re.sub(r"\n{3,}", "\n\n", body).strip().splitlines()]
    if not any(lines):
        raise Refused(
            "holds no text that a reader would see", "save the page as it is shown, or cite a Markdown file"
        )
    found = heading + "\n".join(lines) + "\n"
    _bounded(len(found))
    return found, []


def _is_hidden(tag: Any) -> bool:
    hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true"
    return hidden or bool(_HIDDEN.search(str(tag.get("style") or "")))


def _bounded(size: int) -> None:
    if size > CHARACTERS:
        raise Refused(f"gives more than {CHARACTERS:,} characters of text", "split it into several documents")


def convert(kind: str, raw: bytes) -> dict[str, object]:
    """`{"text", "pages"}`, or `{"refused", "hint"}`; whatever a parser raises is a refusal of this one document."""
    try:
        text, pages = pdf_markdown(raw) if kind == "pdf" else html_markdown(raw)
    except Refused as refused:
        return {"refused": refused.reason, "hint": refused.hint}
    except RecursionError:
        return {"refused": "is nested too deeply", "hint": "save it anew, or cite a Markdown file"}
    except MemoryError:
        return {
            "refused": f"needs more than {MEMORY >> 20} MiB to read",
            "hint": "split it into several documents",
        }
    except Exception as error:  # noqa: BLE001 - the parser's own errors are many, and a broken file may raise any other
        reason = f"cannot be read ({type(error).__name__}: {str(error)[:120]})"
        return {"refused": reason, "hint": "open it with a viewer and save it anew, or cite a Markdown file"}
    return {"text": text, "pages": pages}


if __name__ == "__main__":
    kind = sys.argv[1]
    for library in (
        ("pypdf", "pypdf.filters") if kind == "pdf" else ("bs4.dammit", "lxml.etree", "markdownify")
    ):
        importlib.import_module(library)
    logging.disable()  # what a parser complains of is nobody's business here
    confine()
    sys.stdout.write(json.dumps(convert(kind, sys.stdin.buffer.read())))
