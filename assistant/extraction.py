"""Extraction: one file of whatever kind to Markdown text, by well-kept libraries.

Knows: PDF (PDFium), DOCX (mammoth), HTML (Beautiful Soup, markdownify), Markdown and plain text.
Does not know: where documents are kept. Run as ``python -m assistant.extraction FILE`` in a process
of its own, because a file from anywhere may hang a parser or eat the memory. Invariant: what comes
out is text that a reader could have seen in the file; scripts, styles and comments are gone.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import KnowledgeError
from assistant.language import detect_language
from assistant.schema import Language

SUFFIXES = {
    ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html",
    ".md": "markdown", ".markdown": "markdown", ".txt": "text",
}  # fmt: skip
MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes that a DOCX may unpack to; beyond, it is taken for a zip bomb."""
MAX_RATIO, RATIO_FROM = 400, 10 * 1024 * 1024
"""How many times its packed size a part of a DOCX may have, when it has that many bytes or more.

Running text is packed about 4 times, a table of nothing but zeros 210 times, a bomb 700 to 1,000
times; that keeps a parser busy for minutes.
"""
MAX_CHARACTERS = 10_000_000
"""Longest text of one document: about 4,000 pages."""
_MEMORY = 4 * 1024**3
_DROPPED = ["script", "style", "noscript", "template", "svg", "nav", "form", "iframe", "object"]
_PAGE = {Language.EN: "Page {}", Language.ZH: "第{}页"}
_NO_TITLE = re.compile(r"\s*|untitled.*|microsoft (word|powerpoint).*|.*\.(docx?|pdf|indd)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a file holds."""

    text: str
    """Markdown; a PDF has one section a page."""
    title: str | None
    """As the file states it."""
    published: str | None
    """ISO date the file states, if any."""
    pages: int
    """Of a PDF; 0 for other files."""
    front: str = ""
    """Front matter of a Markdown file, as written."""


def extract(path: Path) -> Extracted:
    """Read a file.

    Raises:
        KnowledgeError: it cannot be read, and what to do about it.
    """
    readers = {"pdf": _pdf, "docx": _docx, "html": _html, "markdown": _markdown, "text": _plain}
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise _wrong(path, f"files of kind {path.suffix!r} are not read; save it as PDF or DOCX")
    try:
        found = readers[kind](path)
    except OSError as exc:
        raise _wrong(
            path, f"cannot be read ({exc.strerror or exc}); check its permissions"
        ) from exc
    if not any(char.isalnum() for char in found.text):
        raise _wrong(path, "there is no text in it; add text and ingest it again")
    if len(found.text) > MAX_CHARACTERS:
        raise _wrong(path, f"longer than {MAX_CHARACTERS:,} characters; split it into parts")
    return found


def _wrong(path: Path, problem: str) -> KnowledgeError:
    return KnowledgeError(str(path), None, problem)


def _pdf(path: Path) -> Extracted:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise _wrong(path, "encrypted; save it without a password") from exc
        raise _wrong(path, "not a PDF or damaged; open it and save it anew") from exc
    try:
        pages = [_page_text(document, at) for at in range(len(document))]
        facts = document.get_metadata_dict()
    finally:
        document.close()
    if not any(char.isalnum() for page in pages for char in page):
        problem = "its pages are pictures without text; run text recognition (OCR) on it first"
        raise _wrong(path, problem)
    named = _PAGE[detect_language("\n".join(pages)[:20_000])]
    sections = (
        f"## {named.format(number)}\n\n{page}\n"
        for number, page in enumerate(pages, start=1)
        if page.strip()
    )
    day = re.match(r"D:(\d{4})(\d\d)(\d\d)", facts.get("CreationDate") or "")
    return Extracted(
        text="\n".join(sections),
        title=_title(facts.get("Title")),
        published="-".join(day.groups()) if day else None,
        pages=len(pages),
    )


def _page_text(document: Any, at: int) -> str:
    page = document[at]
    try:
        area = page.get_textpage()
        try:
            return _reflowed(_safe(area.get_text_bounded()))
        finally:
            area.close()
    finally:
        page.close()


def _reflowed(text: str) -> str:
    """Join the lines of a printed page into paragraphs: a short line ends one."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    full = 0.75 * lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0
    out = ""
    for line in lines:
        if not line:
            out += "\n"
        elif out.endswith("-") and line[0].islower():
            out = out[:-1] + line
        else:
            wide = out[-1:] > "\u2e7f" and line[0] > "\u2e7f"
            out += line if wide or not out or out.endswith("\n") else f" {line}"
        if line and len(line) < full:
            out += "\n"
    return re.sub(r"\n{3,}", "\n\n", out).strip()


def _docx(path: Path) -> Extracted:
    import mammoth

    try:
        _refuse_bomb(path)
        with path.open("rb") as file:
            html = mammoth.convert_to_html(
                file, convert_image=mammoth.images.img_element(lambda image: {"src": ""})
            ).value
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError) as exc:
        problem = "not a DOCX, encrypted or damaged; open it and save it anew as DOCX"
        raise _wrong(path, problem) from exc
    return _from_html(html)


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    blown = any(
        part.file_size >= RATIO_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    if unpacked > MAX_UNPACKED or blown:
        problem = f"unpacks from {path.stat().st_size:,} to {unpacked:,} bytes; it looks like a zip"
        raise _wrong(path, f"{problem} bomb: copy its text into a new document")


def _html(path: Path) -> Extracted:
    return _from_html(_decoded(path))


def _from_html(html: str) -> Extracted:
    from bs4 import BeautifulSoup, Comment
    from markdownify import markdownify

    soup = BeautifulSoup(html, "html.parser")
    title = soup.title.get_text() if soup.title else None
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup([*_DROPPED, "title"]):
        tag.decompose()
    text = markdownify(str(soup), heading_style="ATX", strip=["a", "img"], escape_misc=False)
    return Extracted(text=_safe(text), title=_title(title), published=None, pages=0)


def _markdown(path: Path) -> Extracted:
    text = _decoded(path)
    front = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*\n", text, flags=re.DOTALL)
    body = text[front.end() :] if front else text
    first = re.match(r"\s*# (.+)\n", body)
    return Extracted(
        text=body,
        title=_title(first.group(1)) if first else None,
        published=None,
        pages=0,
        front=front.group(1) if front else "",
    )


def _plain(path: Path) -> Extracted:
    text = re.sub(r"(?m)^(#{1,6} )", r"\\\1", _safe(_decoded(path)))
    return Extracted(text=text, title=None, published=None, pages=0)


def _decoded(path: Path) -> str:
    """Return a text file's text, whatever its encoding."""
    from charset_normalizer import from_bytes

    raw = path.read_bytes()
    with contextlib.suppress(UnicodeDecodeError):
        return re.sub(r"\r\n?", "\n", raw.decode("utf-8-sig"))
    best = from_bytes(raw).best()
    if best is None:
        raise _wrong(path, "its characters cannot be made out; save it as UTF-8")
    return re.sub(r"\r\n?", "\n", str(best))


def _safe(text: str) -> str:
    """Return text without control characters and without what would be read as annotations."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", " ", text)
    return text.replace("<!--", "<! --")


def _title(stated: str | None) -> str | None:
    title = " ".join((stated or "").split())
    return None if _NO_TITLE.fullmatch(title) else title[:200]


def _limit_memory() -> None:
    """Let a parser that runs wild fail by itself, where the system can hold it back."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def main(path: Path) -> dict[str, object]:
    """Return what a child process prints: the extracted file, or ``problem``."""
    try:
        return asdict(extract(path))
    except KnowledgeError as exc:
        return {"problem": str(exc)}
    except MemoryError:
        return {"problem": str(_wrong(path, "needs more memory than is allowed; split it"))}
    except RecursionError:
        return {"problem": str(_wrong(path, "is nested too deeply; save it in another format"))}


if __name__ == "__main__":
    _limit_memory()
    # Lone surrogates of a damaged text stay escaped in ASCII.
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
