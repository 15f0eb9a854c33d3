"""Text to terms: what lexical retrieval and term coverage count.

Knows: normalisation (full width, traditional Chinese), word cutting, stemming, the concepts of the
lexicon, spelling. Does not know: questions, passages or scores. Invariant: the same text always
gives the same terms, whatever language it claims to be in, so that index and query agree.

A term is a lower-case English stem, a Chinese word, or a concept written ``@id``. Concepts are the
bridge between paraphrases and between the two languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from assistant.lexicon import ConceptClass, Lexicon

TERMS_VERSION = "3"

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*%?|[\u4e00-\u9fff\u3400-\u4dbf]+")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_STOP_EN = frozenset(
    [
        "ok",
        "okay",
        "whats",
        "hows",
        "wheres",
        "whos",
        "dont",
        "cant",
        "im",
        "ive",
        "isnt",
        "arent",
        "doesnt",
        "didnt",
        "wont",
        "wouldnt",
        "couldnt",
        "shouldnt",
        "thats",
        "theres",
        "lets",
        "youre",
        "theyre",
        "havent",
        "hasnt",
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "about",
        "as",
        "into",
        "than",
        "and",
        "or",
        "but",
        "if",
        "then",
        "so",
        "because",
        "while",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "doing",
        "done",
        "have",
        "has",
        "had",
        "having",
        "will",
        "would",
        "can",
        "could",
        "may",
        "might",
        "shall",
        "must",
        "i",
        "me",
        "my",
        "we",
        "us",
        "our",
        "you",
        "your",
        "he",
        "she",
        "it",
        "its",
        "they",
        "them",
        "their",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "how",
        "any",
        "some",
        "all",
        "each",
        "every",
        "no",
        "not",
        "only",
        "just",
        "very",
        "too",
        "also",
        "more",
        "most",
        "much",
        "many",
        "lot",
        "lots",
        "really",
        "please",
        "tell",
        "say",
        "says",
        "said",
        "give",
        "show",
        "know",
        "me",
        "let",
        "get",
        "got",
        "getting",
        "go",
        "going",
        "want",
        "need",
        "like",
        "one",
        "ones",
        "thing",
        "things",
        "stuff",
        "s",
        "t",
        "re",
        "ve",
        "ll",
        "d",
        "m",
        "don",
        "doesn",
        "didn",
        "isn",
        "aren",
        "wasn",
        "hey",
        "hi",
        "heard",
        "hear",
        "told",
        "think",
        "believe",
        "guess",
        "wonder",
        "wondering",
        "curious",
        "right",
        "correct",
        "true",
        "real",
        "whats",
        "wheres",
        "hows",
        "thats",
        "people",
        "person",
        "somebody",
        "anyone",
        "someone",
        "guys",
        "pls",
        "plz",
        "question",
        "main",
        "major",
        "biggest",
        "key",
        "quick",
        "list",
        "name",
        "made",
        "make",
        "makes",
        "mean",
        "means",
        "sure",
        "seems",
        "seem",
        "around",
        "yes",
        "no",
        "hmm",
        "well",
        "actually",
        "exactly",
        "according",
        "currently",
        "now",
        "already",
        "still",
        "even",
        "ever",
        "yet",
        "again",
        "out",
        "up",
        "down",
        "off",
        "over",
        "under",
    ]
)
_STOP_ZH = frozenset(
    [
        "的",
        "了",
        "吗",
        "呢",
        "吧",
        "啊",
        "呀",
        "嘛",
        "么",
        "是",
        "在",
        "有",
        "和",
        "与",
        "及",
        "或",
        "也",
        "都",
        "就",
        "又",
        "还",
        "很",
        "太",
        "更",
        "最",
        "被",
        "把",
        "给",
        "对",
        "从",
        "到",
        "向",
        "于",
        "以",
        "为",
        "因",
        "所",
        "而",
        "但",
        "并",
        "这",
        "那",
        "哪",
        "谁",
        "我",
        "你",
        "他",
        "她",
        "它",
        "们",
        "我们",
        "你们",
        "他们",
        "这个",
        "那个",
        "哪些",
        "哪个",
        "什么",
        "怎么",
        "怎样",
        "如何",
        "请",
        "请问",
        "一下",
        "一个",
        "个",
        "些",
        "着",
        "过",
        "会",
        "能",
        "可以",
        "可",
        "要",
        "想",
        "说",
        "看",
        "让",
        "做",
        "去",
        "来",
        "上",
        "下",
        "里",
        "中",
        "不",
        "没",
        "没有",
        "吗",
        "啥",
        "咋",
        "几",
        "各",
        "其",
        "之",
        "等",
        "等等",
        "听说",
        "据说",
        "真的",
        "真",
        "是不是",
        "对吗",
        "最多",
        "用得",
        "一套",
        "哪里",
        "主要",
        "多",
        "少",
        "最大",
        "问题",
        "请教",
        "想知道",
        "情况",
        "方面",
        "目前",
        "现在",
        "已经",
        "到底",
        "究竟",
        "分别",
        "大概",
        "告诉",
        "知道",
    ]
)


@dataclass(frozen=True, slots=True)
class ConceptHit:
    """A concept named in a text."""

    id: str
    cls: ConceptClass
    start: int
    """Index of the first unit (English word or Chinese character) it covers."""
    end: int


def normalise(text: str) -> str:
    """Fold width and compatibility forms, traditional Chinese to simplified, and case.

    Control and invisible characters become spaces. Taiwan's own words (資訊, 軟體) become those used
    on the mainland, by OpenCC.
    """
    text = _CONTROL.sub(" ", unicodedata.normalize("NFKC", text))
    if _HAN.search(text):
        text = simplified(text)
    return text.lower()


def simplified_characters(text: str) -> str:
    """Return Chinese text in simplified characters, its words as they are."""
    return str(_characters().convert(text))


def simplified(text: str) -> str:
    """Return Chinese text in simplified characters, words as used on the mainland."""
    return str(_opencc().convert(text))


class Analyser:
    """Cuts text into terms by one lexicon. Immutable once built; safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compile the lexicon's phrases."""
        self._jieba = _jieba_tokenizer()
        self._phrases: dict[tuple[str, ...], list[tuple[str, ConceptClass]]] = {}
        self._words: set[str] = set()
        for concept in lexicon.concepts.values():
            for phrase in (*concept.english, *concept.chinese):
                units = _units(normalise(phrase))
                self._phrases.setdefault(units, []).append((concept.id, concept.cls))
                self._words.update(re.findall(r"[a-z]+", phrase.lower()))
                if _HAN.fullmatch(phrase) and len(phrase) > 1:
                    self._jieba.add_word(normalise(phrase))
        self._longest = max(map(len, self._phrases), default=0)
        self.terms = lru_cache(maxsize=4096)(self._terms)
        self.concepts = lru_cache(maxsize=4096)(self._concepts)

    @property
    def words(self) -> Collection[str]:
        """English words that occur in the lexicon, lower case, unstemmed."""
        return self._words

    def _terms(self, text: str) -> tuple[str, ...]:
        """Return the terms of a text in order, concepts last; stop words left out."""
        words = tuple(self._cut(normalise(text)))
        return (*words, *(f"@{hit.id}" for hit in self._concepts(text)))

    def _cut(self, text: str) -> Iterator[str]:
        """Cut normalised text into index words: stems, numbers, Chinese words; no stop words."""
        for match in _WORD.finditer(text):
            word = match.group()
            if _HAN.match(word):
                cuts = self._jieba.cut_for_search(word)
                yield from (cut for cut in cuts if cut not in _STOP_ZH)
            elif word not in _STOP_EN:
                yield stem(word)

    def _concepts(self, text: str) -> tuple[ConceptHit, ...]:
        """Return every concept named in a text, nested mentions included."""
        units = _units(normalise(text))
        hits: dict[tuple[str, int, int], ConceptHit] = {}
        for start in range(len(units)):
            for end in range(start + 1, min(start + self._longest, len(units)) + 1):
                for concept_id, cls in self._phrases.get(units[start:end], ()):
                    hits[concept_id, start, end] = ConceptHit(concept_id, cls, start, end)
        return tuple(
            hit for hit in hits.values() if hit.cls.specific or not _inside(hit, hits.values())
        )

    def is_chinese_word(self, text: str) -> bool:
        """Whether a dictionary or the lexicon knows a simplified Chinese word."""
        self._jieba.initialize()
        return bool(self._jieba.FREQ.get(text, 0))

    def chinese_count(self, word: str) -> tuple[int, int]:
        """Return how often a simplified Chinese word occurs, and in how many words."""
        self._jieba.initialize()
        return int(self._jieba.FREQ.get(word, 0) or 0), int(self._jieba.total)

    def is_function_word(self, word: str) -> bool:
        """Whether a Chinese word only joins others."""
        return word in _STOP_ZH

    def cut_chinese(self, text: str) -> list[str]:
        """Return the words of a run of Chinese characters."""
        return list(self._jieba.cut(text))

    def units(self, text: str) -> tuple[str, ...]:
        """Return English stems, numbers and single Chinese characters: what concept hits index."""
        return _units(normalise(text))

    def words_outside(self, text: str, covered: Set[int]) -> list[tuple[str, str]]:
        """Return the content words none of whose units is covered: term and word, in order.

        Single Chinese characters are left out: alone they say too little.
        """
        found: list[tuple[str, str]] = []
        at = 0
        for match in _WORD.finditer(normalise(text)):
            word = match.group()
            if not _HAN.match(word):
                if at not in covered and word not in _STOP_EN:
                    found.append((stem(word), word))
                at += 1
                continue
            for cut in self._jieba.cut(word):
                places = range(at, at + len(cut))
                at += len(cut)
                if len(cut) > 1 and cut not in _STOP_ZH and covered.isdisjoint(places):
                    found.append((cut, cut))
        return found

    def surface(self, text: str, start: int, end: int) -> str:
        """Return how units ``start`` to ``end`` are written in the normalised text."""
        plain = normalise(text)
        places = [place for _, *place in _iter_units(plain)]
        return plain[places[start][0] : places[end - 1][1]]

    def without_concepts(self, text: str, concept_ids: Set[str]) -> str:
        """Return the normalised text with the mentions of some concepts cut out."""
        plain = normalise(text)
        places = [place for _, *place in _iter_units(plain)]
        cuts = [
            (places[hit.start][0], places[hit.end - 1][1])
            for hit in self.outermost(plain)
            if hit.id in concept_ids
        ]
        for start, end in sorted(cuts, reverse=True):
            plain = plain[:start] + plain[end:]
        return " ".join(plain.split())

    def outermost(self, text: str) -> tuple[ConceptHit, ...]:
        """Return the concepts named in a text, without those inside a longer mention."""
        hits = self.concepts(text)
        return tuple(hit for hit in hits if not _inside(hit, hits))


def _inside(hit: ConceptHit, others: Iterable[ConceptHit]) -> bool:
    """Whether a mention lies within a longer one ("use" in "use case")."""
    return any(
        other.start <= hit.start
        and hit.end <= other.end
        and other.end - other.start > hit.end - hit.start
        for other in others
    )


def _units(text: str) -> tuple[str, ...]:
    """Cut normalised text into English stems, numbers and single Chinese characters."""
    return tuple(unit for unit, _, _ in _iter_units(text))


def _iter_units(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield units with their half-open offsets."""
    for match in _WORD.finditer(text):
        word, at = match.group(), match.start()
        if _HAN.match(word):
            yield from ((char, at + i, at + i + 1) for i, char in enumerate(word))
        else:
            yield stem(word), at, match.end()


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the Snowball stem of a lower-case English word; numbers stay as they are."""
    if not word[0].isalpha():
        return word.replace(",", "")
    return str(_stemmer().stemWord(word.split("'")[0].split("’")[0]))


def bigrams(text: str) -> set[str]:
    """Return the character bigrams of the Chinese parts of a normalised text."""
    return {a + b for run in _HAN.findall(text) for a, b in pairwise(run)}


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@cache
def _opencc() -> Any:
    import opencc

    return opencc.OpenCC("tw2sp")


@cache
def _characters() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _jieba_tokenizer() -> Any:
    """Return a tokenizer of its own, so that our words do not leak into the library's shared one.

    Its dictionary is read from the package: jieba's way round, by a cache file that every user of
    the machine shares and may change, is no faster and fails on a full disk.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer
