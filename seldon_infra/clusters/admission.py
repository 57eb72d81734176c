"""When the API server takes objects of a kind: its definition is served, and its webhook answers.

A chart is installed before its webhook listens: pods without a readiness probe are ready at once, and certificates come
later. The first object would be refused then, so a dry run asks until it is judged, whatever the judgement is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seldon_infra.core.errors import LimitReached
from seldon_infra.core.model import is_later

if TYPE_CHECKING:
    from seldon_infra.clusters.live import Cluster

ANSWER_SECONDS = 180.0
EVERY_SECONDS = 0.5
MISSING, SERVER_ERRORS = 404, 500


def judged(cluster: Cluster, manifest: Mapping[str, Any], sleep: Callable[[float], None] = time.sleep) -> None:
    """Return when the API server judges an object of this kind; nothing is made.

    Args:
        cluster: where it is asked.
        manifest: an object; its own faults do not matter, being refused for them is a judgement too.
        sleep: waits between two questions.

    Raises:
        LimitReached: its definition is not served, or its webhook did not answer, in time.
    """
    # Every kind that is asked about here has its regular plural; discovery would have to be asked for it otherwise.
    kind, namespace = manifest["kind"].lower(), manifest["metadata"]["namespace"]
    path = f"/apis/{manifest['apiVersion']}/namespaces/{namespace}/{kind}s?dryRun=All"
    end = time.monotonic() + ANSWER_SECONDS
    while (answer := cluster.send("POST", path, _known(manifest))) and not _is_judgement(answer[0]):
        if time.monotonic() > end:
            raise LimitReached(
                f"cluster '{cluster.name}' took no {manifest['kind']} for {ANSWER_SECONDS:g} s: {answer[1]}; look at "
                f"the pods that answer its webhook, then run it again"
            )
        sleep(EVERY_SECONDS)


def _is_judgement(status: int) -> bool:
    return status < SERVER_ERRORS and status != MISSING


def _known(value: Any) -> Any:
    """Put a word in the place of what comes later: the question is whether there is an answer."""
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return "later" if is_later(value) else value
