"""A resource plugin whose calls can be held: run as a program it serves; imported it sets a folder up for that.

While the file `hold` lies in its folder, each create, update and delete waits and says so by the file `held`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.server import main


class Slow(api.Provider):
    """Any resource type, with one object each; its inputs are its outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def _hold(self) -> None:
        if (self.folder / "hold").exists():
            (self.folder / "held").touch()
        while (self.folder / "hold").exists():
            await asyncio.sleep(0.02)

    async def check_config(self, request: api.CheckRequest) -> api.CheckResponse:
        return api.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: api.DiffRequest) -> api.DiffResponse:
        return api.DiffResponse(changes=False)

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        return api.ConfigureResponse(supports_preview=True)

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        return api.CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        return api.DiffResponse(changes=request.old_state != request.new_inputs)

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        if not request.preview:
            await self._hold()
        return api.CreateResponse(resource_id="one", properties=request.properties)

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        if not request.preview:
            await self._hold()
        return api.UpdateResponse(properties=request.news)

    async def delete(self, request: api.DeleteRequest) -> None:
        await self._hold()

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """Find nothing of an interrupted create: what is held was never made."""
        there = request.resource_id == "one"
        return (
            api.ReadResponse(request.resource_id, request.properties, request.inputs) if there else api.ReadResponse()
        )

    async def cancel(self) -> None:
        """Nothing to cancel: what is held ends with the process."""


def install(folder: Path, name: str) -> None:
    """Put an executable `pulumi-resource-<name>` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plugin = folder / f"pulumi-resource-{name}"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "$@" "{folder}"\n')
    plugin.chmod(0o755)


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.05)
    os._exit(0)


if __name__ == "__main__":
    own_folder = Path(sys.argv.pop())
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    main(sys.argv[1:], "1.0.0", Slow(own_folder))
