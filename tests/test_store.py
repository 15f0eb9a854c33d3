"""The store, the same tests over SQLite and over PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import make_url, text, update

from assistant import Answer, Assistant, Settings
from assistant.errors import QuestionError, SettingsError, StorageError
from assistant.exchange import of_answer, of_check, of_passage, restore
from assistant.store import Role, Store, TurnState, open_store
from assistant.store.database import Database, database_url
from assistant.store.marked import Marks
from assistant.store.people import _OWNED
from assistant.store.records import Backing, Person
from assistant.store.tables import Base, ConversationRow, KeyRow, LoginRow, TurnRow
from evals.feedback import candidates
from tests import postgres
from tests.test_ui_html import check_of, citation, passage
from tests.tools import missing

BACKING = Backing(
    passages=(of_passage(passage()),),
    sentences=(of_check(check_of("AI is used.", 0, citation("AI is used.", passage()))),),
)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    programs = postgres.binaries()
    if programs is None:
        missing("postgresql")
    with postgres.running(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    base = str(request.getfixturevalue("postgres_url"))
    name = f"t{uuid.uuid4().hex}"
    import psycopg

    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return base.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(address: str, tmp_path: Path) -> Iterator[Store]:
    opened = opened_at(address, tmp_path)
    yield opened
    opened.close()


def opened_at(address: str, tmp_path: Path) -> Store:
    return open_store(Settings(data_dir=tmp_path / "data", database_url=SecretStr(address)))


@pytest.fixture(scope="module")
def answer(assistant: Assistant) -> Answer:
    return assistant.ask("How many small firms use AI?")


@pytest.fixture(scope="module")
def zh_answer(assistant: Assistant) -> Answer:
    return assistant.ask("企业为什么还在观望？")


def test_a_conversation_is_kept_with_its_whole_typed_answer(
    store: Store, address: str, tmp_path: Path, answer: Answer, zh_answer: Answer
) -> None:
    kept = store.conversations.create("ann")
    for each in (answer, zh_answer):
        turn = store.conversations.begin("ann", kept.id, each.question)
        store.conversations.progress(turn.id, each.text[:10])
        store.conversations.finish(turn.id, of_answer(each))
    store.close()
    again = opened_at(address, tmp_path)
    turns = again.conversations.turns("ann", kept.id)
    assert [turn.state for turn in turns] == [TurnState.DONE] * 2
    assert [turn.position for turn in turns] == [0, 1]
    assert [turn.answer for turn in turns] == [of_answer(answer), of_answer(zh_answer)]
    assert [turn.text for turn in turns] == [answer.text, zh_answer.text]
    (found,) = again.conversations.of("ann")
    assert (found.title, found.turns) == (answer.question, 2)
    assert found.updated.tzinfo is not None
    assert datetime.now(UTC) - found.updated < timedelta(minutes=5)
    again.close()


def test_an_answer_comes_back_as_the_page_needs_it(answer: Answer) -> None:
    back = restore(of_answer(answer))
    assert of_answer(back) == of_answer(answer)
    assert [c.quote for c in back.citations] == [c.quote for c in answer.citations]
    assert back.grounding.supported_fraction == answer.grounding.supported_fraction


def test_nobody_sees_or_changes_what_is_anothers(store: Store, answer: Answer) -> None:
    conversations = store.conversations
    kept = conversations.create("ann", "mine")
    turn = conversations.begin("ann", kept.id, "How many?")
    conversations.finish(turn.id, of_answer(answer))
    assert conversations.of("bob") == []
    assert conversations.get("bob", kept.id) is None
    assert conversations.turns("bob", kept.id) == []
    assert conversations.search("bob", "mine") == []
    assert not conversations.rename("bob", kept.id, "theirs")
    assert not conversations.delete("bob", kept.id)
    conversations.drop("bob", kept.id, [turn.id])
    conversations.drop("bob", conversations.create("bob").id, [turn.id])
    with pytest.raises(QuestionError, match="there is no conversation"):
        conversations.begin("bob", kept.id, "How many?")
    store.usage.add("ann", "page", of_answer(answer), 1.0)
    with pytest.raises(QuestionError, match="no answer"):
        store.opinions.give("bob", answer.id, 1)
    assert [c.title for c in conversations.of("ann")] == ["mine"]
    assert len(conversations.turns("ann", kept.id)) == 1


def test_titles_are_renamed_searched_and_deleted(store: Store, answer: Answer) -> None:
    conversations = store.conversations
    first = conversations.create("ann")
    turn = conversations.begin("ann", first.id, "用 AI 要花\n多少钱？")
    conversations.finish(turn.id, of_answer(answer))
    second = conversations.create("ann")
    conversations.begin("ann", second.id, "x" * 500)
    assert conversations.of("ann")[1].title == "用 AI 要花 多少钱？"
    assert len(conversations.of("ann")[0].title) == 80
    for words in ("多少钱", answer.text[5:25].upper()):
        assert [c.id for c in conversations.search("ann", words)] == [first.id]
    for wild in ("%", "_", "\\", "'", '"; DROP TABLE turns; --'):
        expected = [first.id] if wild in answer.text else []
        assert [c.id for c in conversations.search("ann", wild)] == expected
    for words in ("多少钱 AI", " AI\u3000多少钱 ", "AI AI", "多少钱 " * 100):
        assert [c.id for c in conversations.search("ann", words)] == [first.id], words
    assert conversations.search("ann", "多少钱 elephants") == []
    assert conversations.rename("ann", second.id, "  Costs <b>2026</b> ")
    assert conversations.get("ann", second.id).title == "Costs <b>2026</b>"  # type: ignore[union-attr]
    assert not conversations.rename("ann", second.id, "  ")
    assert conversations.delete("ann", second.id)
    assert not conversations.delete("ann", second.id)
    assert [c.id for c in conversations.of("ann")] == [first.id]


def test_a_finished_turn_takes_the_place_of_those_it_replaces(store: Store, answer: Answer) -> None:
    talks = store.conversations
    kept, other = talks.create("ann"), talks.create("ann")
    for question in ("one", "two", "three"):
        talks.begin("ann", kept.id, question)
        talks.begin("ann", other.id, question)
    new = talks.begin("ann", kept.id, "two, otherwise")
    talks.begin("ann", kept.id, "from another tab")
    assert len(talks.turns("ann", kept.id)) == 5, "nothing is lost before the answer is there"
    assert talks.finish(new.id, of_answer(answer), since=1)
    questions = [turn.question for turn in talks.turns("ann", kept.id)]
    assert questions == ["one", "two, otherwise", "from another tab"]
    assert not talks.finish(new.id, of_answer(answer), since=0), "it is done"
    assert len(talks.turns("ann", kept.id)) == 3
    assert len(talks.turns("ann", other.id)) == 3


def test_a_finished_or_deleted_turn_stays_as_it_is(store: Store, answer: Answer) -> None:
    kept = store.conversations.create("ann")
    turn = store.conversations.begin("ann", kept.id, "How many?")
    store.conversations.finish(turn.id, of_answer(answer))
    store.conversations.stop(turn.id, "late")
    store.conversations.progress(turn.id, "later")
    (done,) = store.conversations.turns("ann", kept.id)
    assert (done.state, done.text) == (TurnState.DONE, answer.text)
    store.conversations.delete("ann", kept.id)
    store.conversations.finish(turn.id, of_answer(answer))
    assert store.conversations.turns("ann", kept.id) == []


def test_an_answer_a_killed_server_left_is_marked(
    store: Store, address: str, tmp_path: Path
) -> None:
    kept = store.conversations.create("ann")
    code = (
        "import os, sys; from pathlib import Path; from pydantic import SecretStr\n"
        "from assistant import Settings; from assistant.store import open_store\n"
        "address = SecretStr(sys.argv[2])\n"
        "s = open_store(Settings(data_dir=Path(sys.argv[1]), database_url=address))\n"
        "t = s.conversations.begin('ann', sys.argv[3], 'How many?')\n"
        "s.conversations.progress(t.id, 'Half of ')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data"), address, kept.id], check=False
    )
    mine = store.conversations.begin("ann", kept.id, "And now?")
    again = opened_at(address, tmp_path)
    first, second = again.conversations.turns("ann", kept.id)
    assert (first.state, first.text) == (TurnState.UNFINISHED, "Half of ")
    # This process lives, and may still be answering: only a process of its own may say it is not.
    assert second.id == mine.id
    again.close()


def test_what_another_living_worker_answers_is_left_alone_until_it_is_old(store: Store) -> None:
    kept = store.conversations.create("ann")
    turn = store.conversations.begin("ann", kept.id, "How many?")
    assert store.conversations.recover() == 0
    with store.database.session() as session:
        session.execute(update(TurnRow).values(worker="another-machine:7:abc"))
    assert store.conversations.recover() == 0
    with store.database.session() as session:
        session.execute(update(TurnRow).values(touched=datetime.now(UTC) - timedelta(hours=1)))
    assert store.conversations.recover() == 1
    store.conversations.stop(turn.id, "late")
    (old,) = store.conversations.turns("ann", kept.id)
    assert (old.state, old.text) == (TurnState.UNFINISHED, "")


def test_a_long_answer_that_grows_is_not_old(store: Store, answer: Answer) -> None:
    """Whoever opens the store looks for what is lost, such as ``firstpilot people list``."""
    kept = store.conversations.create("ann")
    turn = store.conversations.begin("ann", kept.id, "How many?")
    with store.database.session() as session:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        session.execute(update(TurnRow).values(worker="another-machine:7:abc", asked=long_ago))
    assert store.conversations.progress(turn.id, "Half of ", BACKING)
    assert store.conversations.turns("ann", kept.id)[-1].backing == BACKING
    assert store.conversations.recover() == 0
    assert store.conversations.finish(turn.id, of_answer(answer))
    (now,) = store.conversations.turns("ann", kept.id)
    assert (now.state, now.backing) == (TurnState.DONE, None), "the answer holds it now"
    assert not store.conversations.progress(turn.id, "late"), "what is done is told to be"


def test_words_are_found_in_any_order_and_in_different_places(store: Store) -> None:
    kept = store.conversations
    talk = kept.create("ann", "Small firms")
    kept.begin("ann", talk.id, "How many use AI?")
    kept.begin("ann", talk.id, "And in Denmark?")
    other = kept.create("ann", "AI tools")
    for words in ("AI small", "small AI", "denmark SMALL many"):
        assert [c.id for c in kept.search("ann", words)] == [talk.id], words
    assert {c.id for c in kept.search("ann", "ai")} == {talk.id, other.id}


@pytest.mark.parametrize(
    "odd", ["\0", "\ud83d", "𠮷野家 🙂", "'; DROP TABLE turns; --", "a" * 9999]
)
def test_odd_texts_are_kept(store: Store, answer: Answer, odd: str) -> None:
    kept = store.conversations.create("ann", f"t{odd}")
    turn = store.conversations.begin("ann", kept.id, f"q{odd}")
    store.conversations.progress(turn.id, f"a{odd}")
    (got,) = store.conversations.turns("ann", kept.id)
    assert got.question.startswith("q")
    assert [c.id for c in store.conversations.search("ann", f"q{odd}"[:50])] == [kept.id]
    store.usage.add("ann", "page", of_answer(answer), 1.0)
    assert store.opinions.give("ann", answer.id, 0, f"c{odd}"[:100]).comment.startswith("c")


def test_feedback_is_one_per_person_and_answer(store: Store, answer: Answer) -> None:
    for owner in ("ann", "bob"):
        kept = of_answer(answer).model_copy(update={"id": f"{answer.id}-{owner}"})
        store.usage.add(owner, "rest", kept, 0.5)
    store.opinions.give("ann", f"{answer.id}-ann", -1, "wrong year")
    given = store.opinions.give("ann", f"{answer.id}-ann", 1)
    assert store.opinions.of("ann") == {f"{answer.id}-ann": given}
    assert (given.rating, given.comment) == (1, "wrong year"), "a thumb takes no comment away"
    later = store.opinions.give("ann", f"{answer.id}-ann", 0, "wrong place")
    assert (later.rating, later.comment) == (0, "wrong place")
    given = store.opinions.give("ann", f"{answer.id}-ann", 1)
    assert store.opinions.of("ann") == {f"{answer.id}-ann": given}
    assert store.opinions.of("ann", ["another"]) == {}
    assert len(store.opinions.all()) == 1
    for rating, comment in ((2, ""), (1, "x" * 2001)):
        with pytest.raises(QuestionError):
            store.opinions.give("ann", f"{answer.id}-ann", rating, comment)


def test_a_person_gets_and_erases_everything(store: Store, answer: Answer) -> None:
    for owner in ("ann", "bob"):
        kept = store.conversations.create(owner)
        turn = store.conversations.begin(owner, kept.id, f"asked by {owner}")
        store.conversations.finish(turn.id, of_answer(answer))
        used = of_answer(answer).model_copy(update={"id": f"answer-{owner}"})
        store.usage.add(owner, "page", used, 0.5)
        store.opinions.give(owner, used.id, 1, f"said by {owner}")
        store.keys.log_in(Person(owner=owner, role=Role.READER))
    handed = store.people.export("ann")
    assert {name: len(rows) for name, rows in handed.items() if isinstance(rows, list)} == {
        "conversations": 1, "turns": 1, "usage": 1, "feedback": 1, "logins": 1,
    }  # fmt: skip
    assert "asked by ann" in str(handed)
    assert "said by ann" in str(handed)
    assert "bob" not in str(handed)
    assert store.people.erase("ann") == 4
    assert store.people.owners() == ["bob"]
    empty = store.people.export("ann")
    assert not any(rows for rows in empty.values() if isinstance(rows, list))
    assert len(store.conversations.of("bob")) == 1
    with store.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM turns")) == 1


def test_every_table_about_people_is_exported_and_erased() -> None:
    owned = {str(mapper.local_table) for mapper in Base.registry.mappers} - {
        # Turns go with their conversations; a key is the operator's.
        TurnRow.__tablename__, KeyRow.__tablename__,
    }  # fmt: skip
    assert {table.__tablename__ for table, _ in _OWNED} == owned


def test_what_is_old_is_let_go(store: Store, address: str, tmp_path: Path, answer: Answer) -> None:
    old, new = store.conversations.create("ann", "old"), store.conversations.create("ann", "new")
    store.conversations.begin("ann", old.id, "long ago")
    long_ago = datetime.now(UTC) - timedelta(days=366)
    with store.database.session() as session:
        session.execute(
            update(ConversationRow).where(ConversationRow.id == old.id).values(updated=long_ago)
        )
    opened_at(address, tmp_path).close()
    assert [c.id for c in store.conversations.of("ann")] == [new.id]


def test_a_key_is_kept_as_a_hash_and_known_until_removed(store: Store) -> None:
    secret = store.keys.add("website")
    admin = store.keys.add("admin", Role.MAINTAINER)
    assert secret.startswith("fp_")
    assert len(secret) > 40
    person = store.keys.who(secret)
    assert person is not None
    assert person.role is Role.READER
    assert store.keys.who(admin).role is Role.MAINTAINER  # type: ignore[union-attr]
    with store.database.reading() as session:
        rows = str(session.execute(text("SELECT * FROM api_keys")).all())
    assert secret not in rows
    assert secret.removeprefix("fp_") not in rows
    assert [key.name for key in store.keys.all()] == ["website", "admin"]
    for wrong in ("", "fp_", secret[:-1], secret + "x", "\ud83d", "é"):
        assert store.keys.who(wrong) is None
    with pytest.raises(SettingsError, match="firstpilot keys remove website"):
        store.keys.add("website")
    with pytest.raises(SettingsError, match="1 to 100"):
        store.keys.add(" ")
    assert store.keys.remove("website")
    assert not store.keys.remove("website")
    assert store.keys.who(secret) is None


def test_a_login_ends_with_its_key_its_time_or_when_asked(store: Store) -> None:
    key = store.keys.add("ann")
    person = store.keys.who(key)
    assert person is not None
    first, second = (store.keys.log_in(person, key) for _ in range(2))
    assert store.keys.logged_in(first) == person
    store.keys.log_out(first)
    assert store.keys.logged_in(first) is None
    store.keys.remove("ann")
    assert store.keys.logged_in(second) is None
    browser = Person(owner="browser:1", role=Role.READER)
    third = store.keys.log_in(browser)
    with store.database.session() as session:
        session.execute(update(LoginRow).values(expires=datetime.now(UTC) - timedelta(seconds=1)))
    assert store.keys.logged_in(third) is None


def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    kept = store.conversations.create("ann")
    failed: list[Exception] = []

    def write(name: int) -> None:
        try:
            for number in range(10):
                turn = store.conversations.begin("ann", kept.id, f"{name}-{number}")
                store.conversations.progress(turn.id, "x")
                store.conversations.of("ann")
        except Exception as problem:  # noqa: BLE001 - told below
            failed.append(problem)

    writers = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert failed == []
    turns = store.conversations.turns("ann", kept.id)
    assert [turn.position for turn in turns] == list(range(80))


def test_several_processes_make_the_tables_once(address: str, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pydantic import SecretStr\n"
        "from assistant import Settings; from assistant.store import open_store\n"
        "address = SecretStr(sys.argv[2])\n"
        "s = open_store(Settings(data_dir=Path(sys.argv[1]), database_url=address))\n"
        "s.conversations.create('ann')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data"), address]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=60)[1] for process in started] == [b""] * 4
    store = opened_at(address, tmp_path)
    assert len(store.conversations.of("ann")) == 4
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such modes")
@pytest.mark.parametrize("before", [None, 0o644])
def test_other_users_of_the_machine_cannot_read_the_file(
    tmp_path: Path, before: int | None
) -> None:
    file = tmp_path / "store.db"
    if before is not None:
        Database(database_url(tmp_path, None)).close()
        file.chmod(before)
    opened = Store(Database(database_url(tmp_path, None)))
    opened.conversations.create("ann", "secret")
    kept = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("store.db*")}
    kept.pop("store.db.lock", None)
    assert kept == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), 0o600)
    opened.close()


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    with store.database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_store_of_a_newer_version_is_refused(store: Store, address: str, tmp_path: Path) -> None:
    with store.database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer version"):
        opened_at(address, tmp_path)


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StorageError, match=r"store\.db failed .*firstpilot doctor") as caught:
        open_store(Settings(data_dir=tmp_path))
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    url = database_url(Path(), "postgresql://ann:secret@127.0.0.1:1/none")
    with pytest.raises(StorageError) as caught:
        Database(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "http://a:secret@b"])
def test_another_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="FIRSTPILOT_DATABASE_URL") as caught:
        database_url(Path(), url)
    assert "secret" not in str(caught.value)


def test_without_an_address_it_is_one_file_in_the_data_folder(tmp_path: Path) -> None:
    assert database_url(tmp_path, None) == make_url(f"sqlite:///{tmp_path / 'store.db'}")
    open_store(Settings(data_dir=tmp_path / "data")).close()
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {"store.db", "store.db.lock"}


def test_a_bad_mark_comes_with_its_question_and_says_not_whose(
    store: Store, answer: Answer, zh_answer: Answer
) -> None:
    kept = store.conversations.create("ann")
    for each in (answer, zh_answer):
        turn = store.conversations.begin("ann", kept.id, each.question)
        store.conversations.finish(turn.id, of_answer(each))
        store.usage.add("ann", "page", of_answer(each), 0.1)
    store.opinions.give("ann", zh_answer.id, -1, "wrong year")
    store.opinions.give("ann", answer.id, 1)
    (marked,) = Marks(store.database).thumbs_down()
    assert marked.question == zh_answer.question
    assert marked.history == (("user", answer.question), ("assistant", answer.text))
    assert marked.comment == "wrong year"
    assert set(marked.documents) == {c.passage.document.id for c in zh_answer.citations}
    assert "ann" not in marked.comment + marked.question
    (row,) = candidates(Marks(store.database), [])
    assert (row["question"], row["answerable"]) == (zh_answer.question, None)
    store.conversations.delete("ann", kept.id)
    assert list(Marks(store.database).thumbs_down()) == []
