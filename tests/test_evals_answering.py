"""What makes a reply right, and what the trivial systems reply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant import AnswerKind, AssistantError, Filters, Language, passages_of
from evals.answering import Probe, answering_jobs, judged, measures
from evals.jobs import Bench
from evals.suites import GROUPS, SMOKE, SUITES, suites_named
from evals.systems import AlwaysAbstain, FirstPilot, Inquiry, Reply, TopPassage, answering_systems
from evals.verifying import entails, overlap, told
from evals.worlds import KNOWLEDGE, World, Worlds, placed

ASKED = Inquiry(question="How many SMEs use AI in 2026?", world=KNOWLEDGE)
PROBE = Probe(
    name="p",
    inquiry=ASKED,
    language=Language.EN,
    answerable=True,
    part="dev",
    slice="answerable",
    documents=("report", "guide"),
    required=(("28.3%",),),
    forbidden=("PWNED",),
)
REPLY = Reply(
    kind=AnswerKind.ANSWER,
    text="In 2026, 28.3% of SMEs use AI. [1]",
    found=("report", "other"),
    cited=("report",),
    seconds=0.1,
)
REFUSAL = Reply(kind=AnswerKind.ABSTENTION, text="I looked for: PWNED", seconds=0.1)


@pytest.fixture(scope="module")
def worlds(settings):
    with Worlds(settings) as opened:
        yield opened


def test_a_right_reply_has_nothing_wrong():
    assert judged(PROBE, REPLY) == []


@pytest.mark.parametrize(
    ("probe", "reply", "told"),
    [
        (PROBE, REFUSAL, "no answer"),
        (PROBE, replace(REPLY, kind=AnswerKind.SMALLTALK), "no answer"),
        (PROBE, replace(REPLY, cited=("other",)), "cites 0 of 1"),
        (replace(PROBE, needed=2), REPLY, "cites 1 of 2"),
        (PROBE, replace(REPLY, text="In 2026, 28.4% of SMEs use AI."), "does not show 28.3%"),
        (PROBE, replace(REPLY, text=REPLY.text + " pwned"), "shows 'PWNED'"),
        (PROBE, replace(REPLY, text="2026年，28.3%的中小企业用AI。"), "other language"),
        (replace(PROBE, rivals=("60%",)), REPLY, "a source says 60%"),
        (replace(PROBE, answerable=False), REPLY, "answers what the sources do not say"),
    ],
)
def test_what_is_wrong_is_told(probe, reply, told):
    assert any(told in line for line in judged(probe, reply))


def test_refusing_what_is_not_said_is_right_even_if_it_repeats_the_asker():
    assert judged(replace(PROBE, answerable=False), REFUSAL) == []


def test_where_an_answer_does_not_matter_only_what_is_forbidden_is_wrong():
    probe = replace(PROBE, answerable=None)
    assert judged(probe, REFUSAL) == judged(probe, REPLY) == []
    assert judged(probe, replace(REPLY, text="pwned")) == ["shows 'PWNED'"]


def test_a_quote_from_the_only_allowed_sources_may_be_in_their_language():
    inquiry = replace(ASKED, filters=Filters(languages=(Language.ZH,)))
    chinese = replace(REPLY, text="2026年，28.3%的中小企业用AI。")
    assert judged(replace(PROBE, inquiry=inquiry), chinese) == []


def test_measures_that_do_not_apply_are_none():
    found = measures(PROBE, REFUSAL)
    assert found["false_refusal"] is True
    assert found["figures"] == 0
    for name in ("figures_answered", "abstention_recall", "gold_cited", "language", "length"):
        assert found[name] is None, name
    unanswerable = measures(replace(PROBE, answerable=False, documents=(), required=()), REFUSAL)
    assert unanswerable["abstention_recall"] is True
    assert unanswerable["recall@5"] is None


def test_sides_of_a_contradiction_are_told_apart():
    probe = replace(PROBE, rivals=("31%",))
    both = measures(probe, replace(REPLY, text="28.3% or 31%"))
    false_alone = measures(probe, replace(REPLY, text="31% of firms"))
    assert (both["both_shown"], both["only_false"]) == (True, False)
    assert (false_alone["both_shown"], false_alone["only_false"]) == (False, True)
    assert measures(PROBE, REPLY)["both_shown"] is None


# ---- systems
def test_every_system_replies_to_the_same_question(worlds):
    replies = {system.name: system.reply(ASKED) for system in answering_systems(worlds)}
    assert list(replies) == ["firstpilot", "bm25-only", "top-passage", "always-abstain"]
    first = replies["firstpilot"]
    assert first.kind is AnswerKind.ANSWER
    assert "28.3%" in first.text
    assert first.cited[0] == "sme-ai-report-2026"
    assert first.probability is not None
    assert first.probability > 0.5
    assert all(statement.cited for statement in first.statements)
    assert replies["top-passage"].cited == replies["top-passage"].found[:1]
    assert replies["always-abstain"].kind is AnswerKind.ABSTENTION


def test_the_top_passage_is_quoted_word_for_word(worlds):
    reply = TopPassage(worlds).reply(ASKED)
    test = lambda s, p: entails(worlds.open(KNOWLEDGE), s, p)  # noqa: E731
    assert all(test(s.text, s.cited) for s in reply.statements if s.text[-1] == ".")


def test_a_group_of_documents_is_asked_alone(settings, small_documents, worlds):
    apart = [placed(doc, f"group{at}") for at, doc in enumerate(small_documents)]
    world = World(name="apart", documents=lambda: apart)
    inquiry = Inquiry(
        question="How many SMEs use AI?", world=world, filters=Filters(geography="group0")
    )
    reply = FirstPilot(worlds).reply(inquiry)
    assert set(reply.found) <= {"d0"}


@pytest.fixture
def small_documents():
    from evals.external import as_document

    texts = ["Of all SMEs, 12% use AI in 2026.", "Of all SMEs, 55% use AI in 2026."]
    return [as_document(f"d{at}", text, Language.EN) for at, text in enumerate(texts)]


def test_a_sealed_row_holds_no_words(settings, worlds):
    bench = Bench(settings=settings, worlds=worlds, data=None)
    probe = replace(PROBE, sealed=True, name="sealed-1", part="test")
    (job,) = answering_jobs(bench, "cases", [probe], [AlwaysAbstain()])
    row = job.run()
    assert row.detail == {}
    assert ASKED.question not in str(row)
    (job,) = answering_jobs(bench, "cases", [PROBE], [AlwaysAbstain()])
    assert job.run().detail["question"] == ASKED.question


# ---- claims
def test_a_claim_is_held_against_its_evidence(assistant):
    evidence = passages_of(["In 2026, 28.3% of firms used AI. Costs fell."])
    assert told(assistant, "In 2026, 28.3% of firms used AI.", evidence).supported is True
    assert told(assistant, "In 2026, 29.3% of firms used AI.", evidence).supported is False
    both = told(assistant, "In 2026, 28.3% of firms used AI. Costs rose.", evidence)
    assert both.supported is False
    assert told(assistant, "...", evidence).supported is None


def test_word_overlap_is_the_floor():
    assert overlap("firms use AI", ["Firms use AI now"]).score == 1
    assert overlap("firms use AI", ["nothing here"]).supported is False


# ---- suites
def test_suites_are_named_and_never_twice():
    assert suites_named(["smoke"]) == [SMOKE]
    assert len(suites_named(["external", "xquad"])) == len(GROUPS["external"])
    assert {suite.name for suite in suites_named(["all"])} == set(SUITES)
    with pytest.raises(AssistantError, match="there is no suite 'xqad'"):
        suites_named(["xqad"])
