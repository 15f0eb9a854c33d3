from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Language, passages_of
from evals import metrics
from evals.estimates import mean, of_pairs, percentile, share, wilson
from evals.metrics import Statement

ONE, TWO, THREE = passages_of(["one", "two", "three"])


# ---- retrieval
@pytest.mark.parametrize(
    ("found", "gold", "k", "needed", "value"),
    [
        (["a", "b", "c"], {"c"}, 3, 1, 1.0),
        (["a", "b", "c"], {"c"}, 2, 1, 0.0),
        (["a", "a", "a", "c"], {"c"}, 2, 1, 1.0),
        (["a", "x"], {"a", "b"}, 5, 2, 0.5),
        (["a", "x"], {"a", "b"}, 5, 1, 1.0),
        (["a", "b", "c"], {"a", "b", "c"}, 5, 9, 1.0),
        ([], {"a"}, 5, 1, 0.0),
        (["a"], set(), 5, 1, None),
    ],
)
def test_recall_counts_what_is_needed(found, gold, k, needed, value):
    assert metrics.recall_at(found, gold, k, needed) == value


def test_reciprocal_rank_is_of_the_first_gold_document():
    assert metrics.reciprocal_rank(["x", "x", "g", "h"], {"g", "h"}) == 1 / 2
    assert metrics.reciprocal_rank(["x"], {"g"}) == 0
    assert metrics.reciprocal_rank(["x"], set()) is None


def test_ndcg_is_one_for_a_perfect_order_and_less_for_a_worse_one():
    assert metrics.ndcg_at(["a", "b", "x"], {"a", "b"}, 5) == 1
    assert metrics.ndcg_at(["x", "a"], {"a"}, 5) == pytest.approx(1 / math.log2(3))
    better = metrics.ndcg_at(["a", "x", "b"], {"a", "b"}, 5)
    worse = metrics.ndcg_at(["x", "a", "b"], {"a", "b"}, 5)
    assert better is not None
    assert worse is not None
    assert worse < better < 1
    assert metrics.ndcg_at(["a"], set(), 5) is None


# ---- citations
def holds_words(statement, passages):
    """Bear out a statement whose words all stand in the passages."""
    there = " ".join(passage.chunk.text for passage in passages).split()
    return all(word in there for word in statement.split())


def test_citation_recall_reads_what_is_cited_together():
    statements = [
        Statement(text="one two", cited=(ONE, TWO)),
        Statement(text="one two", cited=(ONE,)),
        Statement(text="one", cited=()),
    ]
    assert metrics.citation_recall(statements, holds_words) == pytest.approx(1 / 3)


def test_citation_precision_finds_the_citation_that_is_beside_the_point():
    # "one" is borne out by the first alone; without the second it still is.
    beside = [Statement(text="one", cited=(ONE, TWO))]
    assert metrics.citation_precision(beside, holds_words) == 1 / 2
    needed = [Statement(text="one two", cited=(ONE, TWO))]
    assert metrics.citation_precision(needed, holds_words) == 1
    wrong = [Statement(text="three", cited=(ONE, TWO))]
    assert metrics.citation_precision(wrong, holds_words) == 0


def test_what_cannot_be_tested_counts_neither_way():
    def unable(statement, passages):
        return None

    statements = [Statement(text="one", cited=(ONE,))]
    assert metrics.citation_recall(statements, unable) is None
    assert metrics.citation_precision(statements, unable) is None
    assert metrics.citation_recall([], holds_words) is None
    assert metrics.citation_precision([Statement(text="x", cited=())], holds_words) is None


def test_verbatim_asks_no_verifier():
    (row,) = passages_of(["Small firms: 17.0% of them used AI in 2025."])
    right = Statement(text="17.0% of them used AI in 2025.", cited=(row,))
    labelled = Statement(text="EU firms: 17.0% of them used AI in 2025", cited=(row,))
    wrong = Statement(text="17.5% of them used AI in 2025.", cited=(row,))
    elsewhere = Statement(text=right.text, cited=(ONE,))
    assert metrics.verbatim([right, labelled]) == 1
    assert metrics.verbatim([right, wrong, elsewhere]) == pytest.approx(1 / 3)
    assert metrics.verbatim([Statement(text="one", cited=())]) == 0
    assert metrics.verbatim([]) is None


# ---- content
@pytest.mark.parametrize(
    ("required", "text", "value"),
    [
        (["28.3%"], "百分之二十八点三的企业", 1.0),
        (["28.3%", "60%"], "28.3 % of SMEs", 0.5),
        (["CAD 650.88"], "Air Canada paid CAD 650.89", 0.0),
        (["2 million"], "2,000,000 orders", 1.0),
        (["no rules"], "there are  NO RULES here", 1.0),
        ([], "anything", None),
    ],
)
def test_figures_are_found_in_any_notation(required, text, value):
    assert metrics.figure_accuracy(required, text) == value


def test_a_figure_that_is_not_one_is_looked_for_as_written():
    assert metrics.holds("Article nine bis", "see article  NINE bis")
    assert not metrics.holds("Article nine bis", "see another article")


def test_language_is_that_of_the_words_not_of_the_markers():
    assert metrics.language_match("只有一句。 [1]", Language.ZH)
    assert metrics.language_match("只有一句。 [1]", Language.EN) is False
    assert metrics.language_match("28.3% [1]", Language.ZH) is None


def test_length_counts_a_chinese_character_as_a_word():
    assert metrics.answer_length("28.3% of SMEs don't use AI.") == 6
    assert metrics.answer_length("企业用AI") == 4


@pytest.mark.parametrize(
    ("abstained", "answerable", "values"),
    [
        (True, False, (True, True, None)),
        (True, True, (None, False, True)),
        (False, False, (False, None, None)),
        (False, True, (None, None, False)),
        (True, None, (None, None, None)),
    ],
)
def test_abstention_is_told_apart(abstained, answerable, values):
    found = [
        measure(abstained, answerable)
        for measure in (
            metrics.abstention_recall,
            metrics.abstention_precision,
            metrics.false_refusal,
        )
    ]
    assert tuple(found) == values


# ---- verification
def test_auroc_is_the_chance_to_rank_a_true_one_higher():
    assert metrics.auroc([0.9, 0.1], [True, False]) == 1
    assert metrics.auroc([0.1, 0.9], [True, False]) == 0
    assert metrics.auroc([0.5, 0.5], [True, False]) == 0.5
    assert metrics.auroc([0.5], [True]) is None
    assert metrics.auroc([], []) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auroc_equals_counting_pairs(pairs):
    true = [score for score, truth in pairs if truth]
    false = [score for score, truth in pairs if not truth]
    found = metrics.auroc([score for score, _ in pairs], [truth for _, truth in pairs])
    if not true or not false:
        assert found is None
        return
    wins = sum((t > f) + 0.5 * (t == f) for t in true for f in false)
    assert found == pytest.approx(wins / len(true) / len(false))


def test_balanced_accuracy_does_not_reward_saying_yes_to_all():
    assert metrics.balanced_accuracy([1.0] * 10, [True] * 9 + [False]) == 0.5
    assert metrics.balanced_accuracy([0.5, 0.49], [True, False]) == 1
    assert metrics.balanced_accuracy([1.0], [True]) is None


def test_calibration_bins_every_case_once():
    bins = metrics.calibration([at / 20 for at in range(21)], [at % 2 == 0 for at in range(21)])
    assert sum(b.n for b in bins) == 21
    assert [b.said for b in bins] == sorted(b.said for b in bins)
    assert metrics.calibration_error([1.0, 0.0], [True, False]) == 0
    assert metrics.calibration_error([1.0], [False]) == 1
    assert metrics.calibration_error([], []) is None


# ---- estimates
def test_wilson_gives_the_published_interval():
    # anchors: at n = 150 an observed 0.85 has an interval of 0.78 to 0.90
    found = wilson(128, 150)
    assert found.value == pytest.approx(0.853, abs=0.001)
    assert found.low == pytest.approx(0.788, abs=0.002)
    assert found.high == pytest.approx(0.901, abs=0.002)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_stays_in_range(a, b):
    hits, n = min(a, b), max(a, b)
    found = wilson(hits, n)
    if n == 0:
        assert found.value is None
        return
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_what_does_not_apply_is_no_zero():
    assert share([True, None, None]).n == 1
    assert share([None]).value is None
    assert mean([None, 0.5]).value == 0.5
    assert mean([]).value is None
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


def test_intervals_repeat_and_widen_with_fewer_cases():
    few, many = mean([0.0, 1.0] * 5), mean([0.0, 1.0] * 500)
    assert few == mean([0.0, 1.0] * 5)
    assert few.low is not None
    assert many.low is not None
    assert few.low < many.low < 0.5
    assert percentile([1.0, 2.0, 3.0], 50).value == 2


def test_a_hundred_right_ones_do_not_make_the_next_one_certain():
    assert mean([1.0] * 100) == wilson(100, 100)
    found = mean([1.0] * 99 + [0.5])
    assert found.value == pytest.approx(0.995)


def test_pairs_about_one_text_are_drawn_together():
    scores, truth = [0.9, 0.2, 0.8, 0.85] * 10, [True, False, True, False] * 10
    apart = of_pairs(scores, truth, metrics.auroc)
    assert apart.value == 0.75
    assert apart.low is not None
    assert apart.low < 0.75
    one_text = of_pairs(scores, truth, metrics.auroc, ["same"] * 40)
    assert one_text.low == one_text.high == 0.75
    assert of_pairs([0.9], [True], metrics.auroc).value is None
    assert of_pairs([], [], metrics.auroc).n == 0
