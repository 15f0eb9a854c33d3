"""Rendering: answers as Markdown, plain text and HTML.

Knows: how each format escapes. Does not know models, indexes or pages. Invariant: nothing that came
from a document, a question or a model can break out of the format it is written into.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from assistant.schema import Answer, Citation, Grade, Language, Source
from assistant.wording import WRITTEN

_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>&])")

_GRADES: dict[Grade, dict[Language, str]] = {
    Grade.OFFICIAL_STATISTIC: {Language.EN: "Official statistics", Language.ZH: "官方统计"},
    Grade.LAW: {Language.EN: "Law or regulation", Language.ZH: "法律法规"},
    Grade.PEER_REVIEWED: {Language.EN: "Peer-reviewed study", Language.ZH: "同行评审研究"},
    Grade.OFFICIAL_GUIDANCE: {Language.EN: "Official guidance", Language.ZH: "官方指引"},
    Grade.SURVEY: {Language.EN: "Survey", Language.ZH: "问卷调查"},
    Grade.COMPANY_CASE: {Language.EN: "Company case", Language.ZH: "企业案例"},
    Grade.VENDOR: {Language.EN: "Vendor material", Language.ZH: "厂商资料"},
    Grade.EDITORIAL: {Language.EN: "Our own text", Language.ZH: "本站指南"},
    Grade.OWN_DOCUMENT: {Language.EN: "Own document", Language.ZH: "自有文件"},
    Grade.AI_GENERATED: {
        Language.EN: "AI-generated article, no survey named",
        Language.ZH: "AI 生成的文章，未注明调查",
    },
}
_PRESS = {Language.EN: "Press or web article", Language.ZH: "媒体或网络文章"}
OURSELVES = "FirstPilot"
"""The publisher of what was written for this knowledge base."""
_SOURCES = {Language.EN: "Sources", Language.ZH: "来源"}


def grade_label(grade: Grade, language: Language) -> str:
    """Return a grade in plain words."""
    return _GRADES[grade][language]


def source_label(source: Source, language: Language) -> str:
    """Return a source's grade in plain words; what others publish is not called our own text."""
    if source.grade is Grade.EDITORIAL and source.publisher != OURSELVES:
        return _PRESS[language]
    return grade_label(source.grade, language)


def clean(text: str) -> str:
    """Remove control characters and direction overrides; newlines and tabs stay."""
    return _UNSAFE.sub("", text)


def escape_html(text: str) -> str:
    """Return a text safe inside HTML content and quoted attributes."""
    return html.escape(clean(text), quote=True)


def escape_markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(clean(text).split()))


def highlight_html(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return escaped HTML with ``<mark>`` around half-open spans; overlapping ones are merged.

    A mark says which offsets it covers, so that a page can go to one of them.
    """
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        start, end = max(0, start), min(len(text), end)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    parts, at = [], 0
    for start, end in merged:
        parts.append(escape_html(text[at:start]))
        inside = escape_html(text[start:end])
        parts.append(f'<mark data-from="{start}" data-to="{end}">{inside}</mark>')
        at = end
    return "".join((*parts, escape_html(text[at:])))


def to_text(answer: Answer) -> str:
    """Return an answer for a terminal; it starts with the answer's text."""
    lines = [clean(answer.text).rstrip()]
    lines += ["", *map(clean, answer.notices)] if answer.notices else []
    if answer.citations:
        lines += ["", f"{_SOURCES[answer.language]}:"]
        lines += [f"  [{n}] {reference(c, answer.language)}" for n, c in _references(answer)]
    return "\n".join((*lines, "", written_by(answer, answer.language)))


def written_by(answer: Answer, language: Language) -> str:
    """Return in one line who wrote an answer, whether text left the machine, and what it cost."""
    say, how = WRITTEN[language], answer.provenance
    # Of an address or a file, only the name is a reader's business.
    model = how.model.partition("@http")[0].rsplit("/", 1)[-1]
    written = say["quoted"] if model.startswith("embedded") else say["written"].format(model=model)
    parts = [written if answer.grounding.checks else say["itself"]]
    parts.append(say["left"] if how.left_machine else say["stayed"])
    if how.cost is not None:
        parts.append(say["cost"].format(cost=f"{how.cost:.4f}"))
    return clean(" · ".join(parts))


def to_markdown(answer: Answer) -> str:
    """Return an answer with its notices and a numbered list of references and quotes."""
    lines = [clean(answer.text).rstrip()]
    for notice in answer.notices:
        lines += ["", f"> {escape_markdown(notice)}"]
    if answer.citations:
        lines += ["", f"**{_SOURCES[answer.language]}**", ""]
        for citation in answer.citations:
            named = escape_markdown(reference(citation, answer.language))
            lines.append(f"- [{citation.marker}] {named}: “{escape_markdown(citation.quote)}”")
    return "\n".join(lines)


def _references(answer: Answer) -> list[tuple[int, Citation]]:
    """Return each source cited once, by marker."""
    return list({citation.marker: citation for citation in answer.citations}.items())


def reference(citation: Citation, language: Language) -> str:
    """Return in one line where a citation comes from: document, section, publisher, date, grade."""
    document, source = citation.passage.document, citation.source
    parts = [
        document.title,
        " > ".join(citation.passage.chunk.heading_path[1:]),
        source.publisher,
        source.published,
        source_label(source, language),
    ]
    return clean(" · ".join(" ".join(part.split()) for part in parts if part))
