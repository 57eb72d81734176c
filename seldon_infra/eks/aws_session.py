"""Clients of AWS for what a program or a command asks by itself; what makes objects is the plugin.

There is one client per service and region, and one session for all: a session of its own for each client reads the list
of AWS's endpoints and the credentials anew, which takes three times as long as the client.
"""

from __future__ import annotations

import os
import threading
from importlib.util import find_spec
from typing import Any

from seldon_infra.core.errors import PartNotFound, SeldonInfraError

CONNECT_SECONDS = 3
READ_SECONDS = 10
_ATTEMPTS = 2
_AT_ONCE = 16
"""Connections of one client: more would be closed after each answer, and opened again."""
_made: dict[tuple[str, str | None], Any] = {}
_session: list[Any] = []
_making = threading.Lock()


def client(service: str, region: str | None) -> Any:
    """The client of a service in a region, with short time-outs; whoever asks for the same one shares it.

    Raises:
        PartNotFound: boto3 is not installed.
        SeldonInfraError: there is no region, or no such profile.
    """
    key = service, region
    if key not in _made:  # who needs one that is there does not wait for another one's making
        with _making:  # making clients of one session at once is not safe
            if key not in _made:
                _made[key] = _make(service, region)
    return _made[key]


def unshared(service: str, region: str | None) -> Any:
    """A client that is nobody else's, for who changes what its calls are like."""
    with _making:
        return _make(service, region)


def forget() -> None:
    """Take the environment as it is now for whatever is made from here on."""
    with _making:
        _made.clear()
        _session.clear()


def _make(service: str, region: str | None) -> Any:
    if find_spec("boto3") is None:
        raise PartNotFound("boto3", "run: pip install 'seldon-infra[aws]'")
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    settings = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        max_pool_connections=_AT_ONCE,
    )
    try:
        if not _session:
            _session.append(boto3.session.Session())
        # Other tools of AWS read AWS_REGION; boto3 by itself reads AWS_DEFAULT_REGION alone.
        place = region or os.environ.get("AWS_REGION") or _session[0].region_name
        if place is None:
            raise SeldonInfraError("no region of AWS is known: name it, or set AWS_REGION")
        return _session[0].client(service, region_name=place, config=settings)
    except BotoCoreError as error:
        raise SeldonInfraError(f"AWS can't be asked: {error}; set AWS_REGION and AWS_PROFILE") from None
