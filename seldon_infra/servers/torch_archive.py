"""Archives of TorchServe's, ``.mar``: which file in one is the model.

They are served nowhere: a handler is Python that no judge of files can vouch for, and its requests are no tensors.
Source: torch-model-archiver's ``manifest_components``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

SUFFIX = ".mar"
MANIFEST = "MAR-INF/MANIFEST.json"
_LARGEST_MANIFEST = 2**16
_PLAIN = re.compile(r"\w[\w.-]{0,99}\Z", re.ASCII)
"""A name that a command may have as it stands."""


def archive_at(path: Path) -> Path | None:
    """Give the archive that a path leads to, or the first in its folder."""
    there = [path] if path.is_file() else sorted(path.iterdir())
    return next((file for file in there if file.suffix == SUFFIX and file.is_file()), None)


def model_in(archive: Path) -> str | None:
    """Give the name of the model's file in an archive, None where the archive does not say it."""
    import zipfile  # Few programs have such a model.

    try:
        with zipfile.ZipFile(archive) as opened, opened.open(MANIFEST) as manifest:
            said = json.loads(manifest.read(_LARGEST_MANIFEST))
        name = said["model"]["serializedFile"]
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, RuntimeError, NotImplementedError):
        return None
    return name if isinstance(name, str) and _PLAIN.match(name) else None
