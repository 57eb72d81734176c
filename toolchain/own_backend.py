"""The settings of stack `local` on a backend of the user's own, under a passphrase of the user's own.

The committed `Pulumi.local.yaml` has a salt that was made with the empty passphrase, and the engine takes no other
passphrase with it. So the engine is given a copy without that salt, into which it writes the one of the user's.
"""

from __future__ import annotations

import os
from pathlib import Path

from seldon_infra.cli.files import write_safely
from seldon_infra.cli.state import project_name
from seldon_infra.runtime.stack_dir import make_private

COMMITTED_SALT = "v1:FWUN/3e54zw=:v1:yGJ0LIBCKN0xtinI:EGzzFCVci84WW7kMAnqGPCPxXClNAw=="
SETTINGS = "Pulumi.local.yaml"


def own_settings(project: Path) -> Path | None:
    """Return the file of settings that goes with the user's passphrase; None where the project's own does.

    It lies beside a `Pulumi.yaml` of the project's name, so that `pulumi stack init` in that folder makes its salt.
    """
    committed = project / SETTINGS
    text = committed.read_text(encoding="utf-8") if committed.is_file() else ""
    if not _has_passphrase() or COMMITTED_SALT not in text:
        return None
    settings = project / ".seldon" / "own-backend" / SETTINGS
    make_private(settings.parent)
    name = project_name(project)
    write_safely(settings.with_name("Pulumi.yaml"), f"name: {name}\nruntime: python\n".encode())
    if not settings.exists():
        kept = [line for line in text.splitlines(keepends=True) if COMMITTED_SALT not in line]
        write_safely(settings, "".join(kept).encode())
    return settings


def _has_passphrase() -> bool:
    return bool(os.environ.get("PULUMI_CONFIG_PASSPHRASE") or os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"))
