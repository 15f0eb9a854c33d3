"""The assistant's own sentences: complete in both languages, and none claims a fact."""

from __future__ import annotations

import re

import pytest

from assistant import wording
from assistant.citations import claims_of
from assistant.refusal import Reason
from assistant.schema import Grade, Language

HAN = re.compile(r"[\u4e00-\u9fff]")
TOPICS = ["Costs", "成本"]


def abstain(language: Language, reason: str, missing=(), looked_for=(), topics=TOPICS) -> str:
    said = wording.abstention(language, reason=reason, missing=missing, looked_for=looked_for)
    return said + wording.offer(language, topics)


@pytest.mark.parametrize("language", Language)
def test_small_talk_is_in_the_askers_language(language: Language) -> None:
    texts = [
        wording.greeting(language, ["x"]),
        wording.ability(language, ["x"]),
        wording.thanks(language),
        wording.farewell(language),
        wording.notice_withheld(language, 2),
        wording.notice_partial(language, "x"),
        wording.notice_mixed(language, ["x", "y"]),
    ]
    for text in texts:
        assert bool(HAN.search(text)) is (language is Language.ZH)
        assert "{" not in text
        assert "[1]" not in text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", [*(reason.value for reason in Reason), "far", "empty"])
def test_every_reason_to_abstain_can_be_said(language: Language, reason: str) -> None:
    missing = ["Germany"] if language is Language.EN else ["德国"]
    text = abstain(language, reason, missing, looked_for=missing)
    assert bool(HAN.search(text.replace("成本", ""))) is (language is Language.ZH)
    assert missing[0] in text
    assert all(f"- {topic}" in text for topic in TOPICS)
    # Without anything to name, no sentence with a hole in it is left.
    several = wording.abstention(language, reason=reason, missing=[], looked_for=[], several=True)
    assert bool(HAN.search(several)) is (language is Language.ZH)
    bare = abstain(language, reason)
    assert len(several) > len(bare) - len(wording.offer(language, TOPICS))
    assert "{" not in bare
    assert not re.search(r"mention \.|covers \.|for \.|关于的|提到。|这里没有年", bare)


def test_only_the_lead_ins_are_our_own(language=Language.EN) -> None:
    assert wording.is_own_phrase(f" {wording.OTHER_FIGURE[language]}\n")
    assert wording.is_own_phrase("Compared What the source says")
    for text in ("", "28% of SMEs use AI.", "The sources give a different figure: 45%."):
        assert not wording.is_own_phrase(text)


@pytest.mark.parametrize("language", Language)
def test_a_lead_in_is_one_sentence_and_holds_no_figure(language: Language) -> None:
    tables = wording.OTHER_FIGURE, wording.SOURCES_DIFFER, wording.NOT_IN_LANGUAGE, wording.UNSURE
    for table in tables:
        (claim,) = claims_of(table[language])
        assert wording.is_own_phrase(claim.text)
        assert not re.search(r"\d", claim.text)


def test_the_language_of_a_quote_is_named_for_the_other_reader() -> None:
    assert "Chinese" in wording.NOT_IN_LANGUAGE[Language.EN]
    assert "英文" in wording.NOT_IN_LANGUAGE[Language.ZH]


@pytest.mark.parametrize("language", Language)
def test_weak_evidence_is_told(language: Language) -> None:
    text = wording.notice_for_grade(language, Grade.AI_GENERATED, "Site {x}", "2026-07-15")
    assert text is not None
    assert "Site {x}" in text
    assert "2026-07-15" in text
    assert wording.notice_for_grade(language, Grade.SURVEY, "OECD", "2025") is None
