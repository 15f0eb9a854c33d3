"""``python -m evals.train_aboutness``: learn what makes two questions ask the same.

Knows: the questions that the knowledge lists with the sentence that answers each. Learns two linear
maps so that a question is nearer to its sentence, and to the other questions of that sentence, than
to those of the same documents' other sentences (contrastive, softmax over a batch of documents).
Writes ``knowledge/aboutness.npz``. Invariant: no question of ``evals/cases`` is read.

Source of the loss: van den Oord, Li and Vinyals, 2018 (InfoNCE).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import Settings, make_embeddings
from assistant.aboutness import FILE, mapped
from assistant.chunking import chunk_document, sentence_spans
from assistant.corpus import load_corpus

TEMPERATURE = 0.05
EPOCHS = 8
DOCUMENTS = 8
"""Documents of a batch: their other sentences are what a question must be told apart from."""
RATE, STAY = 1e-3, 3e-3
"""Step of Adam, and how strongly a map stays near the identity."""
SEED = 0

Matrix = NDArray[np.float32]


@dataclass(slots=True)
class Map:
    """A linear map that learns by Adam."""

    mean: Matrix
    matrix: Matrix
    slope: Matrix = field(init=False)
    square: Matrix = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        """Begin with no momentum."""
        self.slope, self.square = np.zeros_like(self.matrix), np.zeros_like(self.matrix)

    def learn(self, gradient: Matrix) -> None:
        """Take one step."""
        gradient = gradient + 2 * STAY * (self.matrix - np.eye(len(self.matrix), dtype=np.float32))
        self.steps += 1
        self.slope = 0.9 * self.slope + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        step = self.slope / (1 - 0.9**self.steps)
        self.matrix = self.matrix - RATE * step / (
            np.sqrt(self.square / (1 - 0.999**self.steps)) + 1e-8
        )

    def through(self, vectors: Matrix, wanted: Matrix) -> Matrix:
        """Return the gradient of the matrix, given that of the unit vectors it makes."""
        moved = (vectors - self.mean) @ self.matrix
        length = np.linalg.norm(moved, axis=1, keepdims=True) + 1e-9
        unit = moved / length
        inner = (wanted - unit * (wanted * unit).sum(1, keepdims=True)) / length
        gradient: Matrix = (vectors - self.mean).T @ inner
        return gradient


def softmax(logits: Matrix) -> Matrix:
    """Return each row's shares."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    shares: Matrix = raised / raised.sum(1, keepdims=True)
    return shares


def step(
    asks: Map, says: Map, questions: Matrix, sentences: Matrix, answer: NDArray[np.int64]
) -> None:
    """Learn from one batch: row i of the questions is answered by sentence ``answer[i]``."""
    q = mapped(questions, asks.matrix, asks.mean)
    s = mapped(sentences, says.matrix, says.mean)
    count = len(q)
    lean = softmax(q @ s.T / TEMPERATURE)
    lean[np.arange(count), answer] -= 1
    lean /= count * TEMPERATURE
    asked, said = lean @ s, lean.T @ q
    same = answer[:, None] == answer[None, :]
    np.fill_diagonal(same, val=False)
    logits = q @ q.T / TEMPERATURE
    np.fill_diagonal(logits, -1e9)
    paired = same.any(1)
    pull = softmax(logits) - softmax(np.where(same, logits, -1e9))
    pull = pull * paired[:, None] / (max(int(paired.sum()), 1) * TEMPERATURE)
    asked = asked + (pull + pull.T) @ q
    asks.learn(asks.through(questions, asked))
    says.learn(says.through(sentences, said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A listed question and the sentence that answers it."""

    document: str
    sentence: str
    question: str


def listed_questions(folder: Path) -> list[Row]:
    """Return the questions that single sentences of a knowledge folder answer, in its order."""
    found = []
    for document in load_corpus(folder):
        for chunk in chunk_document(document):
            spans = sentence_spans(chunk)
            for listed in chunk.questions:
                if listed.sentence is not None:
                    start, end = spans[listed.sentence]
                    text = chunk.text[start:end]
                    found.append(
                        Row(document=document.info.id, sentence=text, question=listed.text)
                    )
    return found


def main() -> int:
    """Learn from the shipped knowledge and write the maps."""
    settings = Settings()
    embeddings = make_embeddings(settings)
    if embeddings is None:
        print("there is no embedder; unset FIRSTPILOT_EMBEDDER", file=sys.stderr)
        return 1
    rows = listed_questions(settings.knowledge_dir)
    sentences = sorted({(row.document, row.sentence) for row in rows})
    place = {key: at for at, key in enumerate(sentences)}
    said = embeddings.array([text for _, text in sentences])
    asked = embeddings.array([row.question for row in rows], as_queries=True)
    answer = np.array([place[row.document, row.sentence] for row in rows])
    by_document: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        by_document.setdefault(row.document, []).append(at)
    identity = np.eye(asked.shape[1], dtype=np.float32)
    asks, says = Map(asked.mean(0), identity.copy()), Map(said.mean(0), identity.copy())
    random = np.random.default_rng(SEED)
    documents = sorted(by_document)
    for _ in range(EPOCHS):
        random.shuffle(documents)
        for at in range(0, len(documents), DOCUMENTS):
            batch = np.array(
                [i for key in documents[at : at + DOCUMENTS] for i in by_document[key]]
            )
            held, local = np.unique(answer[batch], return_inverse=True)
            step(asks, says, asked[batch], said[held], local)
    path = Path(settings.knowledge_dir) / FILE
    np.savez_compressed(
        path,
        embedder=embeddings.name,
        question=asks.matrix.astype(np.float16),
        sentence=says.matrix.astype(np.float16),
        question_mean=asks.mean,
        sentence_mean=says.mean,
    )
    print(f"learned from {len(rows)} questions of {len(sentences)} sentences: wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
