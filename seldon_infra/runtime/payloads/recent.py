"""The last requests of a deployment, kept in memory as long as a rollout's gate asks for them, and for nobody else.

They are what users sent, so they are given at loopback alone: in a pod that is where nobody comes to but who may
forward one of its ports.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from seldon_infra.runtime.orchestrator.http_server import Answer, Request
from seldon_infra.runtime.payloads.payload import JSON, TEXT, Payload

PATH = "/requests"
KEEP_SECONDS = 10.0
"""How long after the last question the next requests are kept."""
MOST = 100
"""Requests of a deployment that are kept between two questions; later ones push out earlier ones."""
LARGEST_BYTES = 64 * 1024
"""Of a request; larger ones are not kept."""


@dataclass
class _Asked:
    """What somebody asks for of one deployment."""

    until: float
    nodes: frozenset[str]
    kept: deque[str] = field(default_factory=lambda: deque(maxlen=MOST))


class Recent:
    """The last requests of deployments that somebody asks for."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], _Asked] = {}

    def keep(self, payload: Payload) -> None:
        """Keep a request over REST, where somebody asks for those of its node."""
        asked = self._asked.get((payload.origin.namespace, payload.origin.deployment)) if self._asked else None
        if asked is None or payload.event != "request" or payload.origin.node not in asked.nodes:
            return
        if time.monotonic() >= asked.until:
            asked.kept.clear()
        elif payload.content_type == JSON and not payload.truncated and len(payload.body) <= LARGEST_BYTES:
            asked.kept.append(payload.body.decode("utf-8", "replace"))

    async def __call__(self, request: Request) -> Answer:
        """Give what was kept since the last question, and keep on for a while."""
        said = parse_qs(request.query)
        if request.path != PATH or not {"namespace", "deployment", "node"} <= set(said):
            return Answer(404, b"ask for namespace, deployment and node", TEXT.encode())
        now, place = time.monotonic(), (said["namespace"][0], said["deployment"][0])
        last = self._asked.pop(place, None)
        # Those that nobody has asked for in a while go with the next question.
        self._asked = {each: asked for each, asked in self._asked.items() if asked.until > now}
        self._asked[place] = _Asked(now + KEEP_SECONDS, frozenset(said["node"]))
        return Answer(200, json.dumps([*last.kept] if last and last.until > now else []).encode())
