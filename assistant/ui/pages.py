"""The pages beside the chat, and the files it gives out: knowledge, quality, exports, my data.

Knows: addresses. Does not know Gradio. Invariant: what is kept of somebody is given to them
alone; for anybody else it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from assistant.assistant import Assistant
from assistant.exporting import MEDIA_TYPES, export
from assistant.schema import Language
from assistant.store import Store
from assistant.ui.browse import Picked, knowledge_html
from assistant.ui.documents import document_html, missing_html
from assistant.ui.reports import last_report
from assistant.ui.scores import quality_html, read_scores
from assistant.ui.texts import TEXTS
from assistant.visitors import COOKIE

_Short = Annotated[str, Query(max_length=200)]


def page_routes(
    assistant: Assistant, store: Store, owner: Callable[[Request], str], baselines: Path, runs: Path
) -> APIRouter:
    """Return the routes.

    Args:
        assistant: says what is covered.
        store: keeps conversations.
        owner: says whose request it is.
        baselines: the folder of committed scores; need not exist.
        runs: the folder of evaluation runs on this machine; need not exist.
    """
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/knowledge")
    def knowledge(
        request: Request,
        language: _Short = "",
        words: _Short = "",
        kind: _Short = "",
        grade: _Short = "",
        tongue: Annotated[str | None, Query(alias="in", max_length=200)] = None,
        document: _Short = "",
    ) -> Response:
        shown = _language(request, language)
        if document:
            return _document(assistant, document, shown)
        # Most documents are there twice: until a reader picks, those in the page's language.
        tongue = shown.value if tongue is None else tongue
        picked = Picked(words=words, kind=kind, grade=grade, tongue=tongue)
        return HTMLResponse(knowledge_html(assistant.coverage().documents, picked, shown))

    @routes.get("/quality")
    def quality(request: Request, language: _Short = "") -> str:
        shown = _language(request, language)
        return quality_html(read_scores(baselines), last_report(runs), shown)

    @routes.get("/conversations/{key}.{ending}")
    def conversation(request: Request, key: str, ending: str, language: _Short = "") -> Response:
        held = store.conversations.get(owner(request), key) if ending in MEDIA_TYPES else None
        if held is None:
            raise HTTPException(404, "there is no such conversation")
        shown = _language(request, language)
        title = held.title or TEXTS[shown]["untitled"]
        turns = store.conversations.turns(owner(request), key)
        name = quote("".join(c for c in title if c.isalnum() or c in " -_")[:60].strip() or "chat")
        return Response(
            export(ending, title, turns, shown),
            media_type=MEDIA_TYPES[ending],
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}.{ending}",
                "Cache-Control": "no-store",
            },
        )

    @routes.get("/my-data")
    def my_data(request: Request) -> Response:
        return JSONResponse(
            store.people.export(owner(request)),
            headers={
                "Content-Disposition": 'attachment; filename="firstpilot-my-data.json"',
                "Cache-Control": "no-store",
            },
        )

    @routes.post("/my-data/erase")
    def erase(request: Request) -> Response:
        store.people.erase(owner(request))
        # Relative, so that it is right below a proxy's path as well.
        response = RedirectResponse("../", 303)
        response.delete_cookie(COOKIE)
        return response

    return routes


def _document(assistant: Assistant, key: str, language: Language) -> Response:
    """Return the page of a document, by its id."""
    known = assistant.coverage().documents
    found = next((each for each in known if each.id == key), None)
    if found is None:
        return HTMLResponse(missing_html(language), 404)
    others = (each for each in known if each.twin_key == found.twin_key)
    twin = next((each for each in others if each.language is not found.language), None)
    return HTMLResponse(document_html(found, assistant.passages_in(key), twin, language))


def _language(request: Request, chosen: str) -> Language:
    """Return the language that was chosen, else the browser's."""
    if chosen in {each.value for each in Language}:
        return Language(chosen)
    accepted = request.headers.get("accept-language", "").lower()
    return Language.ZH if accepted.startswith("zh") else Language.EN
