"""What stores have listed: many deployments may have one model, and a store is asked once for it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future

from seldon_infra.artifacts.fetch import listed
from seldon_infra.artifacts.source import Listed, Settings
from seldon_infra.core.model import is_later

_LOGINS = (
    "access_key_id", "endpoint", "service_account_json", "anonymous", "key", "sas_url", "url", "registry",
    "tracking_uri",
)  # fmt: skip
"""Fields by which a storage says how it is read; one without any leaves that to pods, and here to the machine."""


def has_login(settings: Settings | None) -> bool:
    """Tell whether a storage says by itself how it is read."""
    said = [(settings or {}).get(field) for field in _LOGINS]
    return any(is_later(value) or value for value in said)


class Listings:
    """The answers of stores in one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Listed]] = {}

    def of(self, uri: str, settings: Settings | None) -> Listed:
        """Ask for a listing, or wait for the same question's answer; raises what the question has raised."""
        key = json.dumps([uri, settings], sort_keys=True, default=str)
        with self._lock:
            first = key not in self._asked
            answer = self._asked.setdefault(key, Future())
        if first:
            try:
                answer.set_result(listed(uri, settings))
            except Exception as error:
                answer.set_exception(error)
        return answer.result()
