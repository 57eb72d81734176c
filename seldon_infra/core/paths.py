"""Folders of this machine that seldon_infra keeps things in."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Give the folder for what can be built again: model servers' environments, the Pulumi CLI.

    ``$SELDON_INFRA_CACHE``, else ``$XDG_CACHE_HOME/seldon-infra``, else ``~/.cache/seldon-infra``. It need not exist.
    """
    own = os.environ.get("SELDON_INFRA_CACHE")
    if own:
        return Path(own).absolute()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches).absolute() if caches else Path.home() / ".cache") / "seldon-infra"
