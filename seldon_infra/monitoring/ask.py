"""Questions to a Prometheus, by the HTTP interface that all of them have."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from seldon_infra.core.errors import SeldonInfraError

LARGEST_ANSWER_BYTES = 64 << 20
_MOST_SAID = 300


class NoPrometheus(SeldonInfraError):
    """Nobody answers there as Prometheus does, or not with what was asked for."""


def require_address(url: str) -> None:
    """Raise NoPrometheus where ``--prometheus`` is no address of a web server."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise NoPrometheus(f"--prometheus '{url}', must begin with http:// or https://; write its address")


def ask(url: str, query: str, seconds: float) -> list[Mapping[str, Any]]:
    """Ask for what a query gives now: labels under ``metric``, time and text of a number under ``value``.

    Args:
        url: address of the server.
        query: PromQL.
        seconds: how long the answer may take.

    Raises:
        NoPrometheus: there is no answer, or none of Prometheus'.
    """
    return _asked(url, "query", {"query": query}, seconds)


def ask_range(url: str, query: str, span: tuple[float, float, float], seconds: float) -> list[Mapping[str, Any]]:
    """Ask for what a query gave from a time to another at each step, all in seconds: points under ``values``."""
    start, end, step = span
    return _asked(url, "query_range", {"query": query, "start": start, "end": end, "step": step}, seconds)


def _asked(url: str, question: str, words: Mapping[str, Any], seconds: float) -> list[Mapping[str, Any]]:
    require_address(url)
    address = f"{url.rstrip('/')}/api/v1/{question}?{urllib.parse.urlencode(words)}"
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            found: list[Mapping[str, Any]] = json.loads(answer.read(LARGEST_ANSWER_BYTES))["data"]["result"]
    except urllib.error.HTTPError as error:
        said = error.read(_MOST_SAID).decode("utf-8", "replace")
        raise NoPrometheus(f"{url} answered {error.code}: {said}") from None
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException) as error:
        raise NoPrometheus(f"{url} does not answer as Prometheus does: {_reason(error)}") from None
    return found


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)
