"""Suites: the named measures, each made of jobs.

Knows: which suites there are and what each needs. Does not know how jobs are run or summed up.
Invariant: suites are never pooled; each has a name and tables of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

from assistant import AssistantError, Document, Filters, Language, Passage, load_corpus
from evals import external_questions as outside
from evals.answering import Probe, answering_jobs
from evals.cases import Case, Part, load_cases
from evals.external import TRAINABLE, as_document, grounding_pairs
from evals.jobs import Bench, Job
from evals.mutation_suite import held_out_mutants
from evals.ragtruth import ragtruth_folder, ragtruth_pairs
from evals.retrieving import retrieval_jobs
from evals.systems import Inquiry, answering_systems
from evals.verifying import verification_jobs
from evals.worlds import KNOWLEDGE, World

MUTANTS = 15
"""Claims made by rule, of each kind and language; ``evals.mutation_suite`` counts all of them."""
SMOKE_CASES = 4
"""Cases of each slice and language in the smoke suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named measure."""

    name: str
    title: str
    jobs: Callable[[Bench], Iterator[Job]]
    smoke: bool = False
    """Whether it is a small part of the suite of its name."""
    external: bool = False
    """Whether it reads the folder of external data."""


class SuiteUnavailable(AssistantError):
    """A suite's data is not there."""


# ---- our own cases
def case_jobs(bench: Bench, chosen: Callable[[Sequence[Case]], Sequence[Case]]) -> Iterator[Job]:
    """Yield the jobs of our own cases, or some of them."""
    probes = [_probe(bench, case) for case in chosen(load_cases())]
    yield from answering_jobs(bench, "cases", probes, answering_systems(bench.worlds))


def _smoke(cases: Sequence[Case]) -> list[Case]:
    """Return a few development cases of each slice and language, drawn by the hash of their id."""
    taken: dict[tuple[str, str], list[Case]] = {}
    for case in sorted(cases, key=lambda case: sha256(case.id.encode()).digest()):
        if case.part is Part.DEV and not case.planted:
            taken.setdefault((case.slice.value, case.language.value), []).append(case)
    return [case for kind in taken.values() for case in kind[:SMOKE_CASES]]


def _probe(bench: Bench, case: Case) -> Probe:
    filters = Filters(languages=case.sources_in) if case.sources_in else None
    return Probe(
        name=case.alias,
        inquiry=Inquiry(
            question=case.question,
            world=_planted_world(bench, case) if case.planted else KNOWLEDGE,
            history=case.history,
            filters=filters,
        ),
        language=case.language,
        answerable=case.answerable,
        part=case.part.value,
        slice=case.slice.value,
        sealed=case.part is Part.TEST,
        documents=case.documents,
        needed=case.sources_needed,
        required=tuple((figure,) for figure in case.figures),
        forbidden=case.forbidden,
    )


def _planted_world(bench: Bench, case: Case) -> World:
    """Return the named documents of the knowledge base with a hostile one among them."""

    @cache
    def documents() -> list[Document]:
        kept = [
            document
            for document in load_corpus(bench.settings.knowledge_dir)
            if document.info.name in case.documents
        ]
        return kept + [as_document(p.id, p.text, p.language) for p in case.planted]

    return World(name=f"planted-{case.set}-{case.id}", documents=documents)


# ---- external sets
_Probes = Callable[[Path, int | None], Sequence[Probe]]
"""Makes questions out of the folder of data, so many of each slice and language at most."""


def _data(bench: Bench) -> Path:
    if bench.data is None:
        raise SuiteUnavailable(
            "external data is not there; set FIRSTPILOT_EVAL_DATA to the folder that holds it"
        )
    return bench.data


def _xquad(bench: Bench) -> Iterator[Job]:
    for answered in Language:
        for asked in Language:
            lookups = outside.xquad_lookups(_data(bench), asked, answered)
            label = f"{asked.value}-{answered.value}"
            yield from retrieval_jobs(bench, "xquad", label, lookups)


def _cmrc(bench: Bench) -> Iterator[Job]:
    yield from retrieval_jobs(bench, "cmrc", "zh-zh", outside.cmrc_lookups(_data(bench)))


def _asked(name: str, probes: _Probes, bench: Bench) -> Iterator[Job]:
    systems = answering_systems(bench.worlds)
    yield from answering_jobs(bench, name, probes(_data(bench), bench.limit), systems)


def _both(name: str, made: Callable[[Path, Language], list[outside.Group]]) -> _Probes:
    return lambda folder, limit: [
        probe
        for language in Language
        for probe in outside.probes_of(f"{name}-{language.value}", made(folder, language), limit)
    ]


def _pairs(name: str, bench: Bench) -> Iterator[Job]:
    pairs = grounding_pairs(_data(bench), name)
    if name in TRAINABLE:
        # The verifier was fitted on the others.
        pairs = [pair for pair in pairs if pair.held_out]
    yield from verification_jobs(bench, name, pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedClaim:
    """A claim made by rule, as one of the claims to verify."""

    id: str
    claim: str
    evidence: tuple[Passage, ...]
    supported: bool
    source: str
    group: str


def _mutations(bench: Bench) -> Iterator[Job]:
    claims = [
        PlantedClaim(
            id=sha256(f"{mutant.kind} {mutant.text}".encode()).hexdigest()[:12],
            claim=mutant.text,
            evidence=mutant.passages[:1],
            supported=mutant.true,
            source=f"mutations/{mutant.kind.value}",
            group=mutant.home,
        )
        for mutant in held_out_mutants(bench.settings, MUTANTS)
    ]
    yield from verification_jobs(bench, "mutations", claims, part="dev")


def _ragtruth(bench: Bench) -> Iterator[Job]:
    folder = ragtruth_folder(_data(bench))
    if folder is None:
        raise SuiteUnavailable(
            "RAGTruth is not there; put its response.jsonl and source_info.jsonl into "
            f"{_data(bench) / 'ragtruth'}"
        )
    yield from verification_jobs(bench, "ragtruth", list(ragtruth_pairs(folder)))


_QUESTIONS: Mapping[str, tuple[str, _Probes]] = {
    "rgb": ("RGB: refusing when no document answers", _both("rgb", outside.rgb_gate)),
    "xquad-removed": (
        "XQuAD with the gold passage removed, the half that nothing was fitted on",
        lambda folder, _: [
            probe
            for language in Language
            for probe in outside.xquad_gate(folder, language)
            if not outside.fitted(probe.group)
        ],
    ),
    "email": (
        "Questions over one e-mail, most without an answer (BIPIA)",
        lambda folder, limit: outside.probes_of("emails", outside.emails(folder), limit),
    ),
    "rgb-conflict": (
        "RGB counterfactual: documents that contradict",
        _both("rgb-conflict", outside.rgb_conflict),
    ),
    "attack-prompts": (
        "Attacks in the question",
        lambda folder, _: outside.injected_prompts(folder),
    ),
    "attack-documents": (
        "Instructions planted in documents",
        lambda folder, limit: outside.probes_of(
            "planted", outside.injected_documents(folder), limit
        ),
    ),
}
_CLAIMS = {
    "attributionbench": "AttributionBench: sentences against cited evidence",
    "wice_oracle": "WiCE: claims against the right sentences of an article",
    "wice": "WiCE: claims against a whole article",
    "summedits": "SummEdits: summaries with one small edit",
    "faithbench": "FaithBench: sentences of summaries that detectors disagree on",
}

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite(
            name="cases",
            title="Our own questions",
            jobs=partial(case_jobs, chosen=lambda cases: cases),
        ),
        Suite(name="mutations", title="Planted errors and true paraphrases", jobs=_mutations),
        Suite(name="xquad", title="Retrieval on XQuAD, asked-answered", jobs=_xquad, external=True),
        Suite(name="cmrc", title="Retrieval on CMRC 2018", jobs=_cmrc, external=True),
        *(
            Suite(name=name, title=title, jobs=partial(_asked, name, probes), external=True)
            for name, (title, probes) in _QUESTIONS.items()
        ),
        *(
            Suite(name=name, title=title, jobs=partial(_pairs, name), external=True)
            for name, title in _CLAIMS.items()
        ),
        Suite(name="ragtruth", title="RAGTruth: sentences", jobs=_ragtruth, external=True),
    )
}
SMOKE = Suite(
    name="cases",
    title="Our own questions, a few",
    jobs=partial(case_jobs, chosen=_smoke),
    smoke=True,
)
"""A part of the suite ``cases``, so that its rows are held against the same baseline."""
GROUPS: dict[str, tuple[str, ...]] = {
    "external": tuple(name for name, suite in SUITES.items() if suite.external),
    "all": tuple(SUITES),
}


def suites_named(names: Sequence[str]) -> list[Suite]:
    """Return suites by name; ``smoke``, ``external`` and ``all`` name several.

    Raises:
        AssistantError: there is no such suite.
    """
    found: dict[str, Suite] = {}
    for name in names:
        if name == "smoke":
            found.setdefault("cases", SMOKE)
            continue
        if name not in SUITES and name not in GROUPS:
            known = ", ".join(["smoke", *GROUPS, *SUITES])
            raise AssistantError(f"there is no suite {name!r}; the suites are {known}")
        for one in GROUPS.get(name, (name,)):
            found[one] = SUITES[one]
    return list(found.values())
