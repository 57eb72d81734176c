"""Name rules of Kubernetes, and names that fit.

A name that is composed of others can come out too long; ``shortened`` cuts it and appends a hash of the whole, so that
the same name always gives the same result and two names never give one.
"""

from __future__ import annotations

import hashlib
import re

LABEL_LIMIT = 63
"""Most characters in a DNS label: the name of a namespace, a Service, a container, a label's value."""

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_DNS_LABEL_1035 = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
_ENV_NAME = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*\Z")
_CONFIG_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}\Z", re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_IMAGE = re.compile(
    rf"(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?\Z", re.ASCII
)
_HASH_LENGTH = 10


def is_dns_label(name: str) -> bool:
    """Tell whether a name is a DNS label (RFC 1123): at most 63 of a-z, 0-9 and ``-``, no ``-`` at either end."""
    return _DNS_LABEL.match(name) is not None


def is_service_name(name: str) -> bool:
    """Tell whether a name can be a Service's (RFC 1035): a DNS label that starts with a letter."""
    return _DNS_LABEL_1035.match(name) is not None


def is_subdomain(name: str) -> bool:
    """Tell whether a name is a DNS subdomain: labels joined by dots, at most 253 characters."""
    return len(name) <= 253 and _SUBDOMAIN.match(name) is not None


def is_label_value(value: str) -> bool:
    """Tell whether a text can be the value of a Kubernetes label."""
    return not value or _QUALIFIED.match(value) is not None


def is_qualified_name(name: str) -> bool:
    """Tell whether a text can be the key of a label or an annotation: ``name`` or ``domain/name``."""
    prefix, slash, last = name.rpartition("/")
    return _QUALIFIED.match(last) is not None and (not slash or is_subdomain(prefix))


def is_env_name(name: str) -> bool:
    """Tell whether a text can name an environment variable of a container."""
    return _ENV_NAME.match(name) is not None and name != "." and not name.startswith("..")


def is_config_key(key: str) -> bool:
    """Tell whether a text can be a key of a Secret or a ConfigMap."""
    return _CONFIG_KEY.match(key) is not None and key != "." and not key.startswith("..")


def is_image_reference(name: str) -> bool:
    """Tell whether a text is an image's name by Docker's grammar, with or without a tag, and no digest."""
    return _IMAGE.match(name) is not None


def is_host(name: str) -> bool:
    """Tell whether a text is a host's name, ``*`` for all, or ``*.domain`` for all of a domain."""
    return name == "*" or is_subdomain(name.removeprefix("*."))


def as_dns_label(text: str) -> str:
    """Suggest the DNS label nearest to a text: ``Fraud_Model`` gives ``fraud-model``."""
    kept = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return kept[:LABEL_LIMIT].strip("-") or "x"


def shortened(name: str, limit: int = LABEL_LIMIT) -> str:
    """Cut a name to ``limit`` characters, with a hash of the whole at its end; a name that fits stays as it is."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    kept = name[: limit - _HASH_LENGTH - 1].rstrip("-.")
    return f"{kept}-{digest}" if kept else digest
