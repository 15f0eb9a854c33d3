"""Who may come in: tried from outside, over a server that others can reach and one they cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant, Settings, cli
from assistant.access.policy import policy_for
from assistant.api import create_app
from assistant.errors import SettingsError
from assistant.store import Role, Store, open_store

QUESTION = {"question": "How many small firms use AI?"}
PASSWORD = "correct horse 电池"  # noqa: S105 - of this test
BY_PASSWORD: Any = {"Authorization": f"Bearer {PASSWORD}".encode()}
OPEN = {"host": "0.0.0.0", "password": PASSWORD, "embedder": "none"}  # noqa: S104 - never bound


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("access")))
    yield store
    store.close()


@pytest.fixture(scope="module")
def key(held: Store) -> str:
    return held.keys.add("website")


@pytest.fixture(scope="module")
def maintainer(held: Store) -> str:
    return held.keys.add("curator", Role.MAINTAINER)


def made(assistant: Assistant, store: Store, take: Any = None, **values: Any) -> TestClient:
    app = create_app(assistant, store, take, Settings(**{**OPEN, **values}))
    return TestClient(app, base_url="http://desk.example", follow_redirects=False)


@pytest.fixture(scope="module")
def shared(assistant: Assistant, held: Store, key: str) -> TestClient:
    return made(assistant, held)


_ADDRESSES = count(1)


@pytest.fixture
def client(shared: TestClient) -> TestClient:
    """A client with an address of its own, because wrong keys count by address."""
    where = (f"198.51.100.{next(_ADDRESSES)}", 5000)
    return TestClient(
        shared.app, base_url="http://desk.example", follow_redirects=False, client=where
    )


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


# -- starting


@pytest.mark.parametrize(
    "values",
    [
        {"host": "0.0.0.0"},  # noqa: S104 - never bound
        {"host": "::"},
        {"host": "office.example"},
        {"public_url": "https://example.com/ai"},
        {"trusted_proxies": ["127.0.0.1"]},
    ],
)
def test_a_server_that_others_reach_needs_a_password_or_a_key(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"FIRSTPILOT_PASSWORD.*firstpilot keys add"):
        policy_for(Settings(**values), has_keys=False)
    assert policy_for(Settings(**values), has_keys=True).required
    assert policy_for(Settings(**values, password="12345678"), has_keys=False).required  # noqa: S106


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_on_this_machine_alone_nothing_is_asked(host: str) -> None:
    policy = policy_for(Settings(host=host), has_keys=True)
    assert not policy.required
    assert policy.local


def test_serve_says_so_before_anything_slow(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--host", "0.0.0.0", "--port", "0"]) == 1  # noqa: S104
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "firstpilot keys add NAME" in told


def test_a_short_password_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError, match="FIRSTPILOT_PASSWORD") as caught:
        Settings(password="hunter2")  # noqa: S106
    assert "hunter2" not in str(caught.value)


# -- coming in


CLOSED = [
    ("GET", "/config"), ("GET", "/gradio_api/info"), ("GET", "/gradio_api/startup-events"),
    ("GET", "/theme.css"), ("GET", "/gradio_api/heartbeat/x"), ("GET", "/gradio_api/app_id"),
    ("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/call/ask"),
    ("POST", "/gradio_api/upload"), ("POST", "/api/v1/ask"), ("GET", "/api/v1/sources"),
    ("GET", "/api/v1/openapi.json"), ("GET", "/v1/models"), ("POST", "/v1/chat/completions"),
    ("POST", "/mcp"), ("GET", "/metrics"), ("GET", "/nothing"), ("GET", "//config"),
    ("GET", "/%63onfig"), ("HEAD", "/config"), ("OPTIONS", "/config"), ("GET", "/login/../config"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("sent", [{}, bearer("fp_wrong"), {"Authorization": "Basic YTpi"}])
def test_nobody_unknown_gets_past(
    client: TestClient, method: str, path: str, sent: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if method != "HEAD":
        assert set(answer.json()) == {"error"}


def test_a_login_cookie_that_is_none_is_nobody(client: TestClient) -> None:
    client.cookies.set("firstpilot-login", "0" * 43)
    assert client.get("/config").status_code == 401


@pytest.mark.parametrize("name", ["bearer", "x-api-key", "password"])
def test_a_key_opens_every_door(client: TestClient, key: str, name: str) -> None:
    sent = {"x-api-key": key} if name == "x-api-key" else bearer(key)
    if name == "password":  # for clients that have one field for a key
        sent = BY_PASSWORD
    assert client.get("/config", headers=sent).status_code == 200
    assert client.get("/v1/models", headers=sent).status_code == 200
    assert client.post("/api/v1/ask", json=QUESTION, headers=sent).status_code == 200


def test_a_key_that_was_removed_opens_nothing(client: TestClient, held: Store) -> None:
    secret = held.keys.add("gone")
    assert client.get("/config", headers=bearer(secret)).status_code == 200
    held.keys.remove("gone")
    assert client.get("/config", headers=bearer(secret)).status_code == 401


def test_health_is_open_and_tells_no_secret(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert set(client.get("/readyz").json()) == {"status", "index"}


def test_measures_are_for_maintainers(client: TestClient, key: str, maintainer: str) -> None:
    assert client.get("/metrics", headers=bearer(key)).status_code == 403
    client.post("/api/v1/ask", json=QUESTION, headers=bearer(key))
    told = client.get("/metrics", headers=bearer(maintainer)).text
    assert 'firstpilot_answers_total{door="rest",kind="answer",language="en"}' in told
    assert "small firms" not in told
    assert key not in told


def test_not_ready_is_told(assistant: Assistant, tmp_path: Path) -> None:
    broken = open_store(Settings(data_dir=tmp_path / "broken"))
    here = made(assistant, broken)
    broken.close()
    for path in (tmp_path / "broken").iterdir():
        path.unlink()
    (tmp_path / "broken" / "store.db").write_bytes(b"no database" * 500)
    answer = here.get("/readyz")
    assert answer.status_code == 503
    assert "store.db" in answer.json()["error"]
    assert here.get("/healthz").status_code == 200


# -- logging in


def log_in(client: TestClient, secret: str, way: str = "/") -> Any:
    return client.post("/login", data={"secret": secret, "next": way})


def test_a_browser_is_sent_to_the_log_in_page_and_back(client: TestClient) -> None:
    sent = client.get("/", headers={"Accept": "text/html"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/")
    form = client.get("/login?next=/", headers={"Accept-Language": "zh-CN"})
    assert 'lang="zh"' in form.text
    done = log_in(client, PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    cookie = next(c for c in done.headers.get_list("set-cookie") if "login" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/config").status_code == 200
    client.post("/logout")
    assert client.get("/config").status_code == 401


@pytest.mark.parametrize(
    "way", ["/?c=abc&language=zh", "/knowledge?words=caf%C3%A9%20%26%20co", "/conversations/a.md"]
)
def test_after_a_log_in_the_address_is_the_one_that_was_opened(
    client: TestClient, way: str
) -> None:
    sent = client.get(way, headers={"Accept": "text/html"}).headers["location"]
    form = client.get(sent).text
    hidden = re.search(r'name="next" value="([^"]*)"', form)
    assert hidden is not None
    done = log_in(client, PASSWORD, unescape(hidden.group(1)))
    assert done.headers["location"] == way


def test_after_a_log_out_the_old_cookie_is_worth_nothing(client: TestClient) -> None:
    log_in(client, PASSWORD)
    old = client.cookies["firstpilot-login"]
    client.post("/logout")
    client.cookies.set("firstpilot-login", old)
    assert client.get("/config").status_code == 401


def test_a_key_logs_in_as_its_owner(
    client: TestClient, held: Store, key: str, maintainer: str
) -> None:
    log_in(client, maintainer)
    assert client.get("/metrics").status_code == 200
    client.cookies.clear()
    log_in(client, key)
    assert client.get("/metrics").status_code == 403
    answer = client.post("/api/v1/ask", json=QUESTION).json()
    owner = held.keys.who(key)
    assert owner is not None
    assert answer["id"] in {use.answer_id for use in held.usage.of(owner.owner)}


def answers_of_two_browsers(client: TestClient) -> list[str]:
    """Ask from two browsers with one password; the second one's cookies stay."""
    ids = []
    for _ in range(2):
        client.cookies.clear()
        client.get("/login", headers={"Accept": "text/html"})
        log_in(client, PASSWORD)
        ids.append(client.post("/api/v1/ask", json=QUESTION).json()["id"])
    return ids


def test_two_browsers_with_one_password_are_two_people(client: TestClient) -> None:
    ids = answers_of_two_browsers(client)
    wrong = client.post("/api/v1/feedback", json={"answer_id": ids[0], "rating": 1})
    right = client.post("/api/v1/feedback", json={"answer_id": ids[1], "rating": 1})
    assert (wrong.status_code, right.status_code) == (422, 200)


def test_a_person_gets_and_erases_what_is_kept_of_them_alone(
    client: TestClient, held: Store
) -> None:
    ids = answers_of_two_browsers(client)
    got = client.get("/my-data")
    assert "attachment" in got.headers["content-disposition"]
    assert got.headers["cache-control"] == "no-store"
    assert ids[1] in got.text
    assert ids[0] not in got.text
    foreign = client.post("/my-data/erase", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    owner = got.json()["owner"]
    assert held.usage.of(owner) != []
    done = client.post("/my-data/erase", headers={"Origin": "http://desk.example"})
    assert (done.status_code, done.headers["location"]) == (303, "../")
    assert held.usage.of(owner) == []
    assert client.get("/my-data").status_code == 401, "the log-in went, too"


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)",
        "\\\\evil.example", "/\n//evil.example", "", "/a\\..\\..//evil", "http:evil.example",
    ],
)  # fmt: skip
def test_a_log_in_leads_nowhere_else(client: TestClient, way: str) -> None:
    assert log_in(client, PASSWORD, way).headers["location"] == "/"


def test_the_form_runs_nothing_that_was_typed(client: TestClient) -> None:
    form = client.get("/login", params={"next": '"><script>alert(1)</script>'})
    assert "<script" not in form.text


def test_guessing_is_slowed_down(assistant: Assistant, held: Store) -> None:
    client = made(assistant, held)
    told = [log_in(client, f"guess {n}").status_code for n in range(12)]
    assert told == [401] * 10 + [429] * 2
    late = log_in(client, PASSWORD)
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 60


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_guessing_at_any_door_is_slowed_down(client: TestClient, key: str, header: str) -> None:
    def sent(secret: str) -> Any:
        value = f"Bearer {secret}" if header == "authorization" else secret
        headers: Any = {header: value.encode()}
        return client.get("/v1/models", headers=headers)

    told = [sent(f"guess {n}").status_code for n in range(12)]
    assert told == [401] * 10 + [429] * 2
    late = sent(PASSWORD)
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 60
    assert log_in(client, PASSWORD).status_code == 429, "the log-in page counts the same guesses"
    assert sent(key).status_code == 200, "a key cannot be guessed"
    login = client.get("/login", headers={"Accept": "text/html"})
    assert login.status_code == 200


# -- how much


def test_too_much_is_turned_away_by_key_and_by_address(
    assistant: Assistant, held: Store, key: str, maintainer: str
) -> None:
    client = made(assistant, held, rate_limit="3/minute")
    statuses = [client.get("/api/v1/sources", headers=bearer(key)).status_code for _ in range(5)]
    assert statuses == [200] * 3 + [429] * 2
    refused = client.get("/api/v1/sources", headers=bearer(key))
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "ask again in" in refused.json()["error"]
    words = client.post("/v1/chat/completions", json={}, headers=bearer(key)).json()
    assert "ask again" in words["error"]["message"]
    assert client.get("/config", headers=bearer(key)).status_code == 200, "a page is no question"
    assert client.get("/api/v1/sources", headers=bearer(maintainer)).status_code == 200
    told = [client.get("/api/v1/sources", headers=BY_PASSWORD).status_code for _ in range(4)]
    assert told == [200] * 3 + [429], "a password is everybody's: its browsers count by address"


def test_moves_of_the_page_eat_no_questions_and_have_a_wide_rate_of_their_own(
    assistant: Assistant, held: Store
) -> None:
    client = made(assistant, held, rate_limit="3/minute")
    moves = [client.post("/gradio_api/run/predict", headers=BY_PASSWORD) for _ in range(31)]
    assert [each.status_code for each in moves] == [422] * 30 + [429], "taken, but for its body"
    asked = [client.get("/api/v1/sources", headers=BY_PASSWORD).status_code for _ in range(4)]
    assert asked == [200] * 3 + [429]


def test_no_question_goes_past_the_queue_for_a_move(assistant: Assistant, held: Store) -> None:
    client = made(assistant, held)
    page = client.get("/config", headers=BY_PASSWORD).json()
    slow = [each["id"] for each in page["dependencies"] if each["queue"] is not False]
    assert len(slow) >= 3
    for number in slow:
        sent = {"data": ["How many?", "", "en", "", None], "fn_index": number, "session_hash": "s"}
        for way in ("run", "api"):
            address = f"/gradio_api/{way}/predict"
            assert client.post(address, json=sent, headers=BY_PASSWORD).status_code == 404


def test_nothing_counts_on_this_machine_alone(assistant: Assistant, held: Store) -> None:
    client = made(assistant, held, host="127.0.0.1", password=None, rate_limit="1/minute")
    client.base_url = "http://localhost"
    told = {client.get("/api/v1/sources").status_code for _ in range(4)}
    assert told == {200}


def test_a_long_body_is_refused_with_and_without_a_length(
    assistant: Assistant, held: Store, key: str
) -> None:
    client = made(assistant, held, max_request_bytes=10_000)
    long = b'{"question":"' + b"a" * 20_000 + b'"}'
    headers = bearer(key) | {"Content-Type": "application/json"}

    def parts() -> Iterator[bytes]:
        yield from (long[at : at + 1000] for at in range(0, len(long), 1000))

    for body in (long, parts()):
        answer = client.post("/api/v1/ask", content=body, headers=headers)
        assert answer.status_code == 413
        assert "10,000 bytes" in answer.json()["error"]
    odd = client.post("/api/v1/ask", headers=headers | {"Content-Length": "-1"})
    assert odd.status_code == 413


# -- other sites


def test_a_page_elsewhere_may_not_call(client: TestClient, key: str) -> None:
    log_in(client, PASSWORD)
    for origin in ("https://evil.example", "null", "http://desk.example.evil.example"):
        sent = client.post("/api/v1/ask", json=QUESTION, headers={"Origin": origin})
        assert sent.status_code == 403
        assert "access-control-allow-origin" not in sent.headers
    own = client.post("/api/v1/ask", json=QUESTION, headers={"Origin": "http://desk.example"})
    assert own.status_code == 200
    seen = client.get("/config", headers={"Origin": "https://evil.example"})
    assert not [name for name in seen.headers if name.startswith("access-control")]


def test_a_site_that_is_named_may_call(assistant: Assistant, held: Store, key: str) -> None:
    client = made(assistant, held, cors_origins=["https://shop.example"])
    asked = {
        "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }  # fmt: skip
    before = client.options("/api/v1/ask", headers=asked)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in before.headers
    origin = {"Origin": "https://shop.example"}
    done = client.post("/api/v1/ask", json=QUESTION, headers=bearer(key) | origin)
    assert done.status_code == 200
    assert done.headers["access-control-allow-origin"] == "https://shop.example"
    other = client.options("/api/v1/ask", headers=asked | {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_name_given_to_this_machine_elsewhere_reads_nothing(
    assistant: Assistant, held: Store
) -> None:
    client = made(assistant, held, host="127.0.0.1", password=None)
    for name in ("rebound.example", "127.0.0.1.evil.example", "", "localhost.evil.example"):
        answer = client.get("/config", headers={"Host": name})
        assert answer.status_code == 403
    for name in ("localhost:7860", "127.0.0.1", "[::1]:7860"):
        assert client.get("/config", headers={"Host": name}).status_code == 200


def test_frames_are_for_sites_that_are_named(assistant: Assistant, held: Store) -> None:
    client = made(assistant, held, embed_origins=["https://shop.example"])
    client.base_url = "https://desk.example"
    form = client.get("/login", headers={"Accept": "text/html"})
    assert "frame-ancestors 'self' https://shop.example" in form.headers["content-security-policy"]
    done = log_in(client, PASSWORD)
    for cookie in (*form.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")):
        assert cookie.endswith("SameSite=None; Secure; Partitioned")
        assert "HttpOnly" in cookie
        assert len(re.findall("SameSite", cookie)) == 1


# -- proxies


def test_forwarded_headers_of_strangers_are_not_believed(
    assistant: Assistant, held: Store, key: str
) -> None:
    lies = bearer(key) | {
        "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.1", "X-Gradio-Server": "http://evil.example",
        "Forwarded": "host=evil.example",
    }  # fmt: skip
    stranger = made(assistant, held, trusted_proxies=["192.0.2.0/24"])
    assert "evil.example" not in stranger.get("/config", headers=lies).text
    app = create_app(assistant, held, None, Settings(**OPEN, trusted_proxies=["192.0.2.0/24"]))
    proxy = TestClient(app, base_url="http://desk.example", client=("192.0.2.7", 5000))
    believed = proxy.get("/config", headers=lies | {"X-Forwarded-Host": "desk.example"})
    assert believed.json()["root"].startswith("https://desk.example")


# -- uploads


def test_only_maintainers_add_documents(
    assistant: Assistant, held: Store, key: str, maintainer: str
) -> None:
    client = made(assistant, held, lambda files: [], uploads=True)
    sent = {"files": ("a.txt", b"text")}
    assert client.post("/gradio_api/upload", files=sent).status_code == 401
    refused = client.post("/gradio_api/upload", files=sent, headers=bearer(key))
    assert refused.status_code == 403
    taken = client.post("/gradio_api/upload", files=sent, headers=bearer(maintainer))
    assert taken.status_code == 200
    off = made(assistant, held)
    assert off.post("/gradio_api/upload", files=sent, headers=bearer(maintainer)).status_code == 403


def test_the_keys_commands_make_list_and_remove(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["keys", "add", "website"]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("fp_")
    assert cli.main(["keys", "add", "curator", "--maintainer"]) == 0
    assert cli.main(["keys", "add", "website"]) == 1
    capsys.readouterr()
    assert cli.main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert re.findall(r"(reader|maintainer) +(\w+)", listed) == [
        ("reader", "website"), ("maintainer", "curator"),
    ]  # fmt: skip
    assert secret not in listed
    assert cli.main(["keys", "remove", "website"]) == 0
    assert cli.main(["keys", "remove", "website"]) == 1
    assert "firstpilot keys list" in capsys.readouterr().err
