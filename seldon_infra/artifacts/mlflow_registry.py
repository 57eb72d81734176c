"""Models of an MLflow registry: ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``, asked by its REST API.

Sources: MLflow's REST API, ``model-versions`` and ``registered-models``; ``mlflow/server/handlers.py`` for the files
that its server hands out itself.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from seldon_infra.artifacts import web
from seldon_infra.artifacts.listing import MOST_FILES, StoreNotReached
from seldon_infra.artifacts.source import Item, Settings
from seldon_infra.core.errors import LimitReached, ModelNotFound

_URI = re.compile(r"models:/([^/@]+)(?:/([0-9]+)|@([^/@]+))\Z")
_PROXIED = "mlflow-artifacts"


@dataclass(frozen=True)
class Registered:
    """What a registry has under a name now."""

    place: str
    """URI of the version's files."""
    version: str


class Version:
    """A version of a registered model."""

    def __init__(self, uri: str, settings: Settings) -> None:
        self.uri, self._end = uri, str(settings.get("tracking_uri") or "").rstrip("/")
        if not self._end:
            raise ModelNotFound(f"'{uri}' has no registry; write storage=[MlflowStorage(tracking_uri='https://…')]")
        self._headers = web.login(settings)

    def registered(self) -> Registered:
        """Ask which version it is, and where its files are.

        Raises:
            ModelNotFound: there is no such version or alias.
        """
        found = _URI.match(self.uri)
        if found is None:
            raise ModelNotFound(f"'{self.uri}' names no version, must be models:/NAME/VERSION or models:/NAME@ALIAS")
        name, version, alias = found.groups()
        if alias:
            said = self._asked("registered-models/get", name=name)["registered_model"].get("aliases", ())
            version = next((each["version"] for each in said if each["alias"] == alias), None)
        if version is None:
            raise ModelNotFound(f"'{self.uri}': the registry {self._end} has no alias '{alias}' of '{name}'")
        said = self._asked("model-versions/get-download-uri", name=name, version=version)
        return Registered(str(said["artifact_uri"]), str(version))

    def is_handed_out(self, place: str) -> bool:
        """Tell whether the registry's own server hands out what is there."""
        return urlsplit(place).scheme == _PROXIED

    def files(self, place: str) -> Proxied:
        """Give the source of files that the server hands out."""
        return Proxied(self, urlsplit(place).path.strip("/"))

    def listed(self, folder: str) -> Iterator[dict[str, Any]]:
        """List a folder of the server's artifacts."""
        yield from self._asked("artifacts", "mlflow-artifacts", path=folder).get("files", ())

    def save(self, file: str, to: BinaryIO) -> None:
        """Write a file of the server's artifacts."""
        web.save(f"{self._end}/api/2.0/mlflow-artifacts/artifacts/{quote(file)}", self._headers, (self._end,), to)

    def _asked(self, what: str, room: str = "mlflow", **query: str) -> dict[str, Any]:
        said = io.BytesIO()
        try:
            web.save(f"{self._end}/api/2.0/{room}/{what}?{urlencode(query)}", self._headers, (self._end,), said)
            return dict(json.loads(said.getvalue()))
        except ModelNotFound:
            raise ModelNotFound(f"'{self.uri}' is not in the registry {self._end}") from None
        except (ValueError, TypeError):
            raise StoreNotReached(f"'{self.uri}': {self._end} does not answer as MLflow does") from None


class Proxied:
    """Files that an MLflow server hands out by itself."""

    def __init__(self, version: Version, folder: str) -> None:
        self._version, self._folder = version, folder

    def items(self) -> list[Item]:
        """List the files of a version; MLflow says their sizes and gives no mark, and writes each version once."""
        found: list[Item] = []
        for item in self._below(self._folder):
            found.append(item)
            if len(found) > MOST_FILES:
                raise LimitReached(f"'{self._version.uri}' holds more than {MOST_FILES} files")
        return found

    def _below(self, folder: str) -> Iterator[Item]:
        for each in self._version.listed(folder):
            place = f"{folder}/{each['path']}"
            if each.get("is_dir"):
                yield from self._below(place)
            else:
                name = place.removeprefix(f"{self._folder}/")
                yield Item(name, place, int(each.get("file_size", -1)), self._folder)

    def write(self, item: Item, to: BinaryIO) -> None:
        """Write a file's content."""
        self._version.save(item.place, to)
