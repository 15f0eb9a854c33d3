"""``python -m evals.train_aboutness``: learn what makes two questions ask the same.

Knows: the questions that the knowledge lists, with the sentence that answers each or with none.
Learns two linear maps so that a question is nearer to its sentence, and to the other questions of
that sentence, than to any other sentence or question of a batch, and one that nothing answers is
near to no sentence (contrastive, softmax over all sentences and over the questions of a batch).
Writes ``knowledge/aboutness.npz``.
Invariant: no question of ``evals/cases`` is read.

Sources of the loss: van den Oord, Li and Vinyals, 2018 (InfoNCE); "none" as one of the classes:
Dhamija, Günther and Boult, 2018 (open sets).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import Settings, make_embeddings
from assistant.aboutness import FILE, mapped
from assistant.chunking import chunk_document, sentence_spans
from assistant.corpus import load_corpus
from assistant.unanswered import ANY_DOCUMENT, UNANSWERED, load_list

SCALE, NONE = 30.0, 0.85
"""What a cosine is multiplied by, and the cosine that "nothing answers it" has, at the beginning;
both are learned."""
STEPS, WARMING = 800, 30
"""Batches, the first of which the steps grow over; then they shrink to nothing."""
DOCUMENTS = 8
"""Documents that the questions of a batch are drawn from, in all their languages, those that
nothing answers among them: what stands close by is what a question must be told apart from."""
SENTENCES, QUESTIONS, UNASKED, ELSEWHERE = 12, 4, 30, 40
"""Sentences of a document that a batch asks about, questions of a sentence, questions that nothing
answers of a document, and of those close to none."""
RATE, SCALE_RATE, STAY = 4e-3, 3e-3, 3.0
"""Steps of Adam for the maps and for the two numbers, and how strongly a vector stays as it was."""
DECAY = 0.05
"""Share of a step by which a map goes back to the identity."""
SEED = 0

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(slots=True)
class Learned:
    """A matrix that learns by Adam."""

    value: Matrix
    rate: float
    slope: Matrix = field(init=False)
    square: Matrix = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        """Begin with no momentum."""
        self.slope, self.square = np.zeros_like(self.value), np.zeros_like(self.value)

    def learn(self, gradient: Matrix, share: float) -> None:
        """Take one step, or a share of it."""
        self.steps += 1
        self.slope = 0.9 * self.slope + 0.1 * gradient
        self.square = 0.98 * self.square + 0.02 * gradient**2
        step = self.slope / (1 - 0.9**self.steps)
        step /= np.sqrt(self.square / (1 - 0.98**self.steps)) + 1e-8
        self.value = self.value - share * self.rate * step


class Map(Learned):
    """A linear map of vectors less their mean, scaled to length 1."""

    def __init__(self, mean: Matrix) -> None:
        """Begin with the identity."""
        super().__init__(np.eye(len(mean), dtype=np.float32), RATE)
        self.mean = mean

    def __call__(self, vectors: Matrix) -> Matrix:
        """Return the mapped vectors."""
        return mapped(vectors, self.value, self.mean)

    def follow(self, vectors: Matrix, wanted: Matrix, share: float) -> None:
        """Learn, given the gradient of the unit vectors that it makes of vectors."""
        centred = vectors - self.mean
        moved = centred @ self.value
        length = np.linalg.norm(moved, axis=1, keepdims=True) + 1e-9
        unit = moved / length
        plain = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)
        wanted = wanted - STAY * plain / len(vectors)
        inner = (wanted - unit * (wanted * unit).sum(1, keepdims=True)) / length
        self.learn(centred.T @ inner, share)
        back = share * self.rate * DECAY
        self.value = self.value - back * (self.value - np.eye(len(self.value), dtype=np.float32))


def softmax(logits: Matrix) -> Matrix:
    """Return each row's shares."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    shares: Matrix = raised / raised.sum(1, keepdims=True)
    return shares


@dataclass(slots=True)
class Learner:
    """The two maps, and how sure a cosine makes."""

    asks: Map
    says: Map
    sure: Learned
    """The logarithm of the scale, and the cosine of none."""

    def step(
        self, questions: Matrix, answer: Places, sentences: Matrix, matter: Places, share: float
    ) -> None:
        """Learn from one batch.

        Args:
            questions: vectors of the questions, (n, dimension).
            answer: what each asks about, -1 where nothing answers it, (n,).
            sentences: vectors of sentences, (m, dimension).
            matter: what each sentence tells, the same for translations, (m,).
            share: of a whole step.
        """
        scale, none = float(np.exp(self.sure.value[0])), float(self.sure.value[1])
        q, s = self.asks(questions), self.says(sentences)
        answered = answer >= 0
        weight = np.where(answered, 1 / max(answered.sum(), 1), 1 / max((~answered).sum(), 1))
        cosines = np.hstack([q @ s.T, np.full((len(q), 1), none)]).astype(np.float32)
        right = np.hstack([answer[:, None] == matter[None, :], ~answered[:, None]])
        lean = _lean(np.float32(scale) * cosines, right) * weight[:, None]
        asked, said = scale * lean[:, :-1] @ s, scale * lean[:, :-1].T @ q
        same = (answer[:, None] == answer[None, :]) & answered[:, None]
        np.fill_diagonal(same, val=False)
        near = q @ q.T
        logits = scale * near
        np.fill_diagonal(logits, -1e9)
        paired = same.any(1)
        pull = np.zeros_like(near)
        goal = same[paired] / same[paired].sum(1, keepdims=True)
        pull[paired] = (softmax(logits[paired]) - goal) / max(int(paired.sum()), 1)
        asked = asked + scale * (pull + pull.T) @ q
        of_scale = scale * float((lean * cosines).sum() + (pull * near).sum())
        self.sure.learn(np.array([of_scale, scale * lean[:, -1].sum()], dtype=np.float32), share)
        self.asks.follow(questions, asked, share)
        self.says.follow(sentences, said, share)


def _lean(logits: Matrix, right: NDArray[np.bool_]) -> Matrix:
    """Return the gradient of the cross-entropy with any of the right ones, by row."""
    lean: Matrix = softmax(logits) - softmax(np.where(right, logits, np.float32(-1e9)))
    return lean


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A listed question and the sentence that answers it."""

    document: str
    """Its name, the same in every language."""
    place: str
    """Of the sentence in it, the same in every language."""
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What a knowledge folder asks and tells."""

    sentences: dict[tuple[str, str], list[str]]
    """By document and place."""
    rows: list[Row]
    unanswered: dict[str, list[str]]


def read_lists(folder: Path) -> Lists:
    """Return the sentences of a knowledge folder and the questions listed for and beside them."""
    sentences: dict[tuple[str, str], list[str]] = {}
    rows = []
    for document in load_corpus(folder):
        name = document.info.name
        for chunk in chunk_document(document):
            spans = sentence_spans(chunk)
            places = [f"{chunk.position}.{order}" for order in range(1, len(spans) + 1)]
            for place, (start, end) in zip(places, spans, strict=True):
                sentences.setdefault((name, place), []).append(chunk.text[start:end])
            rows += [
                Row(document=name, place=places[listed.sentence], question=listed.text)
                for listed in chunk.questions
                if listed.sentence is not None
            ]
    return Lists(sentences=sentences, rows=rows, unanswered=load_list(folder, UNANSWERED))


class Batches:
    """Draws batches of a few documents each."""

    def __init__(self, lists: Lists, random: np.random.Generator) -> None:
        """Sort what the lists hold by document."""
        self._lists, self._random = lists, random
        self._asked: dict[str, dict[str, list[str]]] = {}
        for row in lists.rows:
            self._asked.setdefault(row.document, {}).setdefault(row.place, []).append(row.question)

    def draw(self) -> Iterator[tuple[str, tuple[str, str] | None]]:
        """Yield questions of a batch with the sentence that answers each, None for none."""
        for document in self._some(sorted(self._asked), DOCUMENTS):
            asked = self._asked[document]
            for place in self._some(list(asked), SENTENCES):
                for text in self._some(asked[place], QUESTIONS):
                    yield text, (document, place)
            for text in self._some(self._lists.unanswered.get(document, ()), UNASKED):
                yield text, None
        for text in self._some(self._lists.unanswered.get(ANY_DOCUMENT, ()), ELSEWHERE):
            yield text, None

    def _some(self, of: Sequence[Any], count: int) -> list[Any]:
        drawn = self._random.permutation(len(of))[:count]
        return [of[at] for at in drawn]


def main() -> int:
    """Learn from the shipped knowledge and write the maps."""
    settings = Settings()
    embeddings = make_embeddings(settings)
    if embeddings is None:
        print("there is no embedder; unset FIRSTPILOT_EMBEDDER", file=sys.stderr)
        return 1
    lists = read_lists(settings.knowledge_dir)
    matters = {key: at for at, key in enumerate(lists.sentences)}
    told = [(matters[key], text) for key, texts in lists.sentences.items() for text in texts]
    matter = np.array([at for at, _ in told])
    said = embeddings.array([text for _, text in told])
    questions = [row.question for row in lists.rows]
    every = [*questions, *(text for listed in lists.unanswered.values() for text in listed)]
    asked = embeddings.array(every, as_queries=True)
    row_of = {text: at for at, text in enumerate(every)}
    learner = Learner(
        Map(asked[: len(questions)].mean(0)),
        Map(said.mean(0)),
        Learned(np.array([np.log(SCALE), NONE], dtype=np.float32), SCALE_RATE),
    )
    batches = Batches(lists, np.random.default_rng(SEED))
    for number in range(STEPS):
        drawn = list(batches.draw())
        rows = asked[[row_of[text] for text, _ in drawn]]
        answer = np.array([-1 if key is None else matters[key] for _, key in drawn])
        share = min((number + 1) / WARMING, 1) * (1 - number / STEPS)
        learner.step(rows, answer, said, matter, share)
    path = Path(settings.knowledge_dir) / FILE
    np.savez_compressed(
        path,
        embedder=embeddings.name,
        question=learner.asks.value.astype(np.float16),
        sentence=learner.says.value.astype(np.float16),
        question_mean=learner.asks.mean,
        sentence_mean=learner.says.mean,
    )
    print(f"learned from {len(every)} questions and {len(told)} sentences: wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
