"""MCP: the same five calls as tools, over streamable HTTP or standard input and output.

Knows: the Model Context Protocol's SDK. Does not know how an answer is made. Invariant: a tool's
structured result is the contract's model, and its text is the same as JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from mcp.server.fastmcp import Context, FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field

from assistant import contract
from assistant.doors.answering import Answering, told
from assistant.store import Person

T = TypeVar("T")
DOOR = "mcp"
PATH = "/mcp"
_ABOUT = (
    "Answers about adopting AI in small and medium-sized firms, in English and Chinese, each "
    "sentence quoted from a source and checked. Where the sources do not say, it says so."
)
_READS = ToolAnnotations(readOnlyHint=True, openWorldHint=False)
Count = Annotated[int, Field(ge=1, le=50, description="at most so many passages")]
Words = Annotated[str, Field(min_length=1, max_length=contract.MAX_TEXT)]
WhoAsks = Callable[[Any], Person]
"""Says who a request comes from; it is None where there is no HTTP."""


def mcp_server(answering: Answering, who: WhoAsks) -> FastMCP:
    """Return a server with the five tools; it serves one application or one process."""
    server = FastMCP(
        "firstpilot",
        instructions=_ABOUT,
        streamable_http_path=PATH,
        # No session lives in one worker, so that several may serve.
        stateless_http=True,
        json_response=True,
        log_level="WARNING",
        # Hosts and origins are held for every address alike, before a request comes here.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    def asker(context: Context[Any, Any, Any]) -> Person:
        return who(context.request_context.request)

    @server.tool(annotations=_READS)
    async def ask(
        question: Words,
        context: Context[Any, Any, Any],
        history: tuple[contract.Message, ...] = (),
        filters: contract.Filters | None = None,
    ) -> contract.Answer:
        """Answer a question about AI in small firms; every sentence is cited and checked."""
        asked = contract.Question(
            question=question, history=history, filters=filters or contract.Filters()
        )
        return await _calm(lambda: answering.ask(asker(context), DOOR, asked))

    @server.tool(annotations=_READS)
    async def search(
        query: Words, count: Count = 8, filters: contract.Filters | None = None
    ) -> contract.Found:
        """Find passages in the knowledge, best first, without an answer."""
        wanted = contract.Query(query=query, count=count, filters=filters or contract.Filters())
        return await _calm(lambda: answering.run(lambda service: service.search(wanted)))

    @server.tool(annotations=_READS)
    async def verify(text: Words, passages: list[str] | None = None) -> contract.Checked:
        """Hold every sentence of a text against the passages it cites as [n], or what is found."""
        taken = contract.Text(text=text, passages=tuple(passages) if passages else None)
        return await _calm(lambda: answering.run(lambda service: service.verify(taken)))

    @server.tool(annotations=ToolAnnotations(readOnlyHint=False, openWorldHint=False))
    async def feedback(
        answer_id: str,
        rating: Literal[-1, 0, 1],
        context: Context[Any, Any, Any],
        comment: str = "",
    ) -> contract.Thanks:
        """Say what you think of an answer: 1 for good, -1 for bad, 0 for a comment alone."""
        opinion = contract.Opinion(answer_id=answer_id, rating=rating, comment=comment)
        person = asker(context)
        return await _calm(lambda: answering.run(lambda service: service.feedback(person, opinion)))

    @server.tool(annotations=_READS)
    async def sources() -> contract.Sources:
        """List every document of the knowledge with where it comes from."""
        return await _calm(lambda: answering.run(lambda service: service.sources()))

    return server


async def _calm(call: Callable[[], Awaitable[T]]) -> T:
    try:
        return await call()
    except Exception as problem:  # noqa: BLE001 - told in one shape, and logged there
        raise ToolError(told(problem)) from None
