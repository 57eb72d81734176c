"""Accounts of Azurite: signed URLs, and what is put into containers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

EMULATED = "devstoreaccount1"
EMULATED_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and the key that every emulator of Azure's has."""
ACME = "acme"
ACME_KEY = base64.b64encode(b"canary-of-an-account-key").decode()
ACCOUNTS = {EMULATED: EMULATED_KEY, ACME: ACME_KEY}


def signed(account: str, permissions: str = "rwdlac", expiry: str = "2099-01-01T00:00:00Z") -> str:
    """Give the query of an account's shared access signature. Source: Azure's "Create an account SAS"."""
    version = "2019-12-12"
    text = "\n".join([account, permissions, "b", "sco", "", expiry, "", "", version, ""])
    mac = hmac.new(base64.b64decode(ACCOUNTS[account]), text.encode(), hashlib.sha256).digest()
    said = {"sv": version, "ss": "b", "srt": "sco", "sp": permissions, "se": expiry, "sig": base64.b64encode(mac)}
    return urlencode(said)


def make_container(url: str, account: str, name: str) -> None:
    """Make an empty container."""
    _put(f"{url}/{account}/{name}?restype=container&{signed(account)}", b"", {})


def put(url: str, account: str, container: str, files: Mapping[str, bytes]) -> None:
    """Put blobs into a container."""
    for name, content in files.items():
        place = f"{url}/{account}/{container}/{quote(name)}?{signed(account)}"
        _put(place, content, {"x-ms-blob-type": "BlockBlob"})


def _put(url: str, content: bytes, headers: Mapping[str, str]) -> None:
    urlopen(Request(url, data=content, method="PUT", headers=dict(headers)), timeout=30).close()
