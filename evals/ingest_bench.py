"""``python -m evals.ingest_bench``: a hundred PDF and DOCX files, ingested unattended.

The files are written out of the shipped knowledge, repeated to real lengths (1 to 60 pages), with a
few broken ones among them. Printed: files lost, pages a second, memory of the largest process.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from docx import Document as Docx
from fpdf import FPDF

from assistant import Language, Settings, add_documents, build_index, load_corpus, split_sentences

_FILES = 100
_LINES_A_PAGE = 30


def main(count: int = _FILES) -> int:
    """Write, ingest, count; 0 when no good file was lost and every broken one was told."""
    chance = random.Random(7)  # noqa: S311 - files, not secrets
    lines = [
        document.text[span.start : span.end].encode("latin-1", "replace").decode("latin-1")
        for document in load_corpus(Settings().knowledge_dir)
        if document.info.language is Language.EN
        for span in split_sentences(document.text)
    ]
    with tempfile.TemporaryDirectory() as made:
        own = Path(made) / "own"
        own.mkdir()
        pages = 0
        broken = set()
        for number in range(count):
            if number % 20 == 19:
                broken.add(f"{number}.pdf")
                (own / f"{number}.pdf").write_bytes(b"%PDF-1.7\n" + chance.randbytes(500))
                continue
            length = chance.choice((1, 2, 5, 10, 20, 60))
            pages += length
            (_pdf if number % 2 else _docx)(own / f"{number}", length, lines, chance)
        settings = Settings(data_dir=Path(made) / "data")
        started = time.monotonic()
        outcomes = add_documents([own], settings.data_dir)
        read = time.monotonic() - started
        failed = {Path(o.path).name for o in outcomes if o.state == "failed"}
        report = build_index(settings)
        whole = time.monotonic() - started
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"files {count}, pages {pages}, broken {len(broken)}, told {len(failed)}")
    print(f"lost: {sorted(failed ^ broken) or 'none'}")
    print(f"read {1000 * read / pages:.0f} ms a page, with the index {1000 * whole / pages:.0f}")
    print(f"passages {report.chunks}, newly embedded {report.embedded}")
    print(f"peak memory {own_peak:.0f} MiB, of a reading process {children:.0f} MiB")
    return 0 if failed == broken else 1


def _pdf(stem: Path, length: int, lines: list[str], chance: random.Random) -> None:
    made = FPDF()
    made.set_font("Helvetica", size=11)
    for _ in range(length):
        made.add_page()
        for line in chance.choices(lines, k=_LINES_A_PAGE):
            made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    made.output(str(stem.with_suffix(".pdf")))


def _docx(stem: Path, length: int, lines: list[str], chance: random.Random) -> None:
    made = Docx()
    for number in range(length):
        made.add_heading(f"Part {number + 1}", level=2)
        for line in chance.choices(lines, k=_LINES_A_PAGE):
            made.add_paragraph(line)
    made.save(str(stem.with_suffix(".docx")))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else _FILES))
