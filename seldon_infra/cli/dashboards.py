"""Write Grafana's dashboards as files, for a Grafana of your own that reads this machine's Prometheus.

On a cluster the stack itself puts them where Grafana's sidecar finds them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from seldon_infra.core.atomic import write
from seldon_infra.core.errors import NotPermitted
from seldon_infra.monitoring.dashboards import files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where they are written")


def run(arguments: argparse.Namespace) -> int:
    """Write the files, and say which they are."""
    made = files()
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            write(arguments.out / name, text)
    except OSError as error:
        raise NotPermitted(f"--out {arguments.out}: {error.strerror}; name a folder that you may write") from None
    for name in made:
        print(arguments.out / name)
    return 0
