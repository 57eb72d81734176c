"""Clients of AWS for what a program or a command asks by itself; what makes objects is the plugin."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from seldon_infra.core.errors import PartNotFound, SeldonInfraError

CONNECT_SECONDS = 3
READ_SECONDS = 10
_ATTEMPTS = 2


def client(service: str, region: str | None) -> Any:
    """A client of a service, with short time-outs.

    Raises:
        PartNotFound: boto3 is not installed.
        SeldonInfraError: there is no region, or no such profile.
    """
    if find_spec("boto3") is None:
        raise PartNotFound("boto3", "run: pip install 'seldon-infra[aws]'")
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    settings = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
    )
    try:
        # Other tools of AWS read AWS_REGION; boto3 by itself reads AWS_DEFAULT_REGION alone.
        session = boto3.session.Session(region_name=region or os.environ.get("AWS_REGION"))
        if session.region_name is None:
            raise SeldonInfraError("no region of AWS is known: name it, or set AWS_REGION")
        return session.client(service, config=settings)
    except BotoCoreError as error:
        raise SeldonInfraError(f"AWS can't be asked: {error}; set AWS_REGION and AWS_PROFILE") from None
