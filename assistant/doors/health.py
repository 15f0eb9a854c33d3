"""Health and measures: ``/healthz``, ``/readyz`` and Prometheus' ``/metrics``.

Knows: Prometheus' text format. Does not know what is asked: no label or value holds a word of a
question or names a person. Invariant: the measures belong to one application, none is global.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from assistant import contract
from assistant.access.people import person_of
from assistant.doors.answering import Answering
from assistant.doors.rest import problem_response
from assistant.doors.workers import Workers
from assistant.errors import AssistantError
from assistant.store import Person, Role

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Measures:
    """What Prometheus is told."""

    def __init__(self, workers: Workers) -> None:
        """Begin at nothing."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._answers = Counter(
            "firstpilot_answers", "Answers given", ["door", "kind", "language"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "firstpilot_answer_seconds", "Wall seconds of an answer", ["door"], buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._sentences = Counter(
            "firstpilot_sentences", "Sentences checked", ["verdict"], registry=self.registry
        )
        self._withheld = Counter(
            "firstpilot_withheld_sentences", "Sentences not shown", registry=self.registry
        )
        self._requests = Counter(
            "firstpilot_requests", "Requests by status", ["method", "status"],
            registry=self.registry,
        )  # fmt: skip
        inside = Gauge(
            "firstpilot_questions_inside", "Questions that run or wait", registry=self.registry
        )
        inside.set_function(lambda: workers.inside)

    def answered(self, door: str, answer: contract.Answer, seconds: float) -> None:
        """Count an answer."""
        self._answers.labels(door, answer.kind.value, answer.language.value).inc()
        self._seconds.labels(door).observe(seconds)
        for sentence in answer.sentences:
            self._sentences.labels(sentence.verdict.value).inc()
        self._withheld.inc(len(answer.withheld))

    def requested(self, method: str, status: int) -> None:
        """Count a request."""
        known = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
        self._requests.labels(method if method in known else "other", str(status)).inc()


def health_routes(answering: Answering, measures: Measures) -> APIRouter:
    """Return the routes that watchers of the server read."""
    routes = APIRouter(tags=["Health"])

    @routes.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """Say that the process lives: without index, store or a thread that may be taken."""
        return {"status": "ok"}

    @routes.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    def readyz() -> Response:
        """Say whether answers can be made and kept, and with which index."""
        try:
            index = answering.service.ready()
        except AssistantError as exc:
            return problem_response(503, str(exc))
        return JSONResponse({"status": "ready", "index": index})

    @routes.get("/metrics", include_in_schema=False)
    def metrics(person: Annotated[Person, Depends(person_of)]) -> Response:
        """Tell Prometheus, or another maintainer."""
        if person.role is not Role.MAINTAINER:
            raise HTTPException(403, "only a maintainer's key may read the measures")
        return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
