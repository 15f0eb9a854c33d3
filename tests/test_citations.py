"""Citations: sentences and their markers, however the stream was cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.citations import SegmentKind, SegmentReader, claims_of, with_markers

TEXT = (
    "Sales rose 12.5% in the U.S. market. [1][2] Costs fell [3]. Then:\n\n"
    "- Start small. [1]\n- 增长了12%。[2]接着下降。[1, 3]\n\n"
    "| Compared | What |\n|---|---|\n| design | It is 48%. [4] |\n"
)


def segments(*pieces: str):
    reader = SegmentReader()
    return [s for piece in pieces for s in reader.feed(piece)] + reader.close()


def test_markers_belong_to_the_sentence_before_them() -> None:
    found = [(s.sentence, s.markers) for s in segments(TEXT) if s.markers]
    assert found == [
        ("Sales rose 12.5% in the U.S. market.", (1, 2)),
        ("Costs fell.", (3,)),
        ("Start small.", (1,)),
        ("增长了12%。", (2,)),
        ("接着下降。", (1, 3)),
        ("design It is 48%.", (4,)),
    ]


@given(st.lists(st.integers(0, len(TEXT)), max_size=30))
def test_how_a_stream_is_cut_changes_nothing(cuts: list[int]) -> None:
    bounds = sorted({0, *cuts, len(TEXT)})
    pieces = [TEXT[a:b] for a, b in pairwise(bounds)]
    assert segments(*pieces) == segments(TEXT)


@given(st.text(alphabet=st.sampled_from("ab. 。[]1\n|-#x!")))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(s.text for s in segments(text)) == text


@pytest.mark.parametrize("text", ["see [this](http://x)", "array[0x]", "[^1] note", "plain"])
def test_other_brackets_are_no_markers(text: str) -> None:
    assert all(not s.markers for s in segments(text))


ELLIPSES = [
    ("Wait... and see. [1] Then go… maybe [2]. Then… [3] Go on.", [(1,), (2,), (3,), ()]),
    ("AI等等……还有很多。[1]然后…… [2]结束。【3】", [(1,), (2,), (3,)]),
]


@pytest.mark.parametrize(("text", "markers"), ELLIPSES)
def test_an_ellipsis_ends_a_sentence_only_before_another(text: str, markers: list[object]) -> None:
    whole = segments(text)
    assert [segment.markers for segment in whole] == markers
    assert segments(*text) == whole
    for cut in range(len(text)):
        assert segments(text[:cut], text[cut:]) == whole


def test_table_rules_are_layout() -> None:
    assert [s.kind for s in segments("|---|---|\n")] == [SegmentKind.LAYOUT]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_head_is_known_by_the_rule_below_it(cut: int) -> None:
    text = "| Use | Cut by |\n|---|---|\n| design | 48% [4] |\nEnd.\n| a | b |\n| c | d |\n"
    found = segments(text[:cut], text[cut:])
    assert "".join(s.text for s in found) == text
    kinds = [s.kind for s in found]
    assert kinds[:2] == [SegmentKind.TABLE_HEAD, SegmentKind.TABLE_ROW]
    assert kinds[-2:] == [SegmentKind.TABLE_ROW] * 2
    assert [s.named for s in found if s.kind is SegmentKind.TABLE_ROW] == [
        "use design, cut by 48%",
        "a b",
        "c d",
    ]


def test_claims_carry_offsets() -> None:
    text = "One is true. [1] Two is not. [2]"
    assert [text[c.start : c.end] for c in claims_of(text)] == ["One is true.", "Two is not."]


def test_markers_can_be_replaced() -> None:
    assert with_markers("It rose. [7]\n", [2]) == "It rose. [2]\n"
