"""Polarity: what turns a sentence round is seen, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.polarity import Conflict, conflict, is_negative


@pytest.mark.parametrize(
    ("claim", "evidence", "found"),
    [
        ("SMEs do not use AI.", "SMEs use AI.", Conflict.NEGATION),
        ("SMEs use AI.", "SMEs do not use AI.", Conflict.NEGATION),
        ("中小企业没有使用AI。", "中小企业使用AI。", Conflict.NEGATION),
        ("Costs rose by 60%.", "Costs fell by 60%.", Conflict.DIRECTION),
        ("成本上升了60%。", "成本下降了60%。", Conflict.DIRECTION),
        ("More than 40 firms took part.", "Fewer than 40 firms took part.", Conflict.DIRECTION),
        ("It paid off after the pilot.", "It paid off before the pilot.", Conflict.DIRECTION),
        ("The law allows it.", "The law prohibits it.", Conflict.DIRECTION),
        ("SMEs should start with AI.", "Many SMEs have started with AI.", Conflict.ADVICE),
        ("中小企业应该使用AI。", "许多中小企业使用AI。", Conflict.ADVICE),
        ("SMEs should start small.", "A firm must start small.", None),
        ("Costs fell by 60%.", "Costs were down from before and fell by 60%.", None),
        ("28.3% of SMEs use AI.", "In 2026, 28.3% of SMEs use AI.", None),
        ("Sales rose, costs fell.", "Costs fell and sales rose.", None),
    ],
)
def test_turns_are_seen(claim: str, evidence: str, found: Conflict | None) -> None:
    assert conflict(claim, evidence) is found


def test_two_negations_affirm() -> None:
    assert not is_negative("It is not without risk.")
    assert is_negative("It is without risk.")


@given(
    st.text(alphabet="should not rose fell before after more less 应 不 上升 下降 ", max_size=60)
)
def test_a_text_never_conflicts_with_itself(text: str) -> None:
    assert conflict(text, text) is None
