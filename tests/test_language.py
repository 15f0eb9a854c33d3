"""Language: where sentences end, and whether a text ends with one."""

from __future__ import annotations

import pytest

from assistant.language import ends_sentence, split_sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Wait... and see.", "Then go… maybe.", "Then…", "Go on.", "End."],
        ["AI等等……还有很多。", "然后……", "结束。"],
        ["等等...", "还有"],
        ["It costs 1.200,50 EUR.", "3.5% of firms (e.g. U.S. ones) did.", "No. 5 is here."],
        ["Dr. Lee et al. agreed, e.g. in 2024.", "Ask A. Smith.", "Now."],
        ["(One. Two.)", "Three.", "Really?!", "“Yes.”", "No"],
        ["约3.5%。", "他说：“好。”", "下一句！", "真的？？", "是的"],
        ["1. Start small.", "2. Go on"],
    ],
)
@pytest.mark.parametrize("between", [" ", "\n"])
def test_sentences_end_where_a_reader_ends_them(sentences: list[str], between: str) -> None:
    text = between.join(sentences)
    if between == " " and sentences[0].startswith("1."):
        pytest.skip("a list number stands at the start of a line")
    assert [text[span.start : span.end] for span in split_sentences(text)] == sentences


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\n "])
def test_nothing_has_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


@pytest.mark.parametrize(
    "text",
    ["It ends.", "Does it?!", "“It ends.”", "**It ends.**", "结束。", "“结束。”", "It ends. \n"],
)
def test_a_whole_sentence_ends(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It",
        "It is 28.",
        "It is e.g.",
        "It is in the U.S.",
        "(It is.",
        "It goes on...",
        "还有，",
    ],
)
def test_what_may_go_on_does_not_end(text: str) -> None:
    assert not ends_sentence(text)
