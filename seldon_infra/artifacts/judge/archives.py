"""Archives: where their members would be written, how much they unpack to, and what can be hidden in them."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO, cast

from seldon_infra.artifacts.judge.finding import FREE_BYTES, MOST_MEMBERS, STEEPEST, Finding, Unreadable
from seldon_infra.artifacts.judge.paths import climbs, link_climbs

_INSIDE = "must stay within the archive's folder"
_ENCRYPTED = 0x1
_LINK, _KIND = 0o120000, 0o170000

Judge = Callable[[BinaryIO, str], Iterator[Finding]]
"""Judges a member by its stream and its name."""


def is_tar(head: bytes) -> bool:
    """Tell a tar archive by the checksum of its first header, which every variety has."""
    if len(head) < 512:
        return False
    try:
        return tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape").chksum > 0
    except tarfile.HeaderError:
        return False


def judge_zip(stream: BinaryIO, size: int, file: str, judge: Judge) -> Iterator[Finding]:
    """Judge a zip archive and its members; one that its readers could take in two ways is refused."""
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            yield from _whole_zip(members, size, file)
            for member in members:
                yield from _zip_member(archive, member, file, judge)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        yield Finding(file, f"is a broken zip archive: {error}", "must be whole")


def _whole_zip(members: list[zipfile.ZipInfo], size: int, file: str) -> Iterator[Finding]:
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS:
        raise Unreadable(f"has more than {MOST_MEMBERS:,} members")
    if len(set(names)) < len(names):
        yield Finding(file, "has two members of one name", "must be read in one way alone")
    if sum(member.file_size for member in members) > max(FREE_BYTES, STEEPEST * size):
        raise Unreadable(f"unpacks to more than {STEEPEST} times its size")


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str, judge: Judge) -> Iterator[Finding]:
    name = f"{file}!{member.filename}"
    if climbs(member.orig_filename) or climbs(member.filename):
        yield Finding(name, "climbs out of its archive", _INSIDE)
    if member.flag_bits & _ENCRYPTED:
        yield Finding(name, "is encrypted", "must be readable")
    elif (member.external_attr >> 16) & _KIND == _LINK:
        yield Finding(name, "is a link", "must be a file")
    elif not member.is_dir() or member.file_size:
        with archive.open(member) as stream:
            yield from judge(cast("BinaryIO", stream), name)
            # The checksum is compared at the end alone.
            while stream.read(2**20):
                pass


def judge_tar(stream: IO[bytes], file: str, judge: Judge) -> Iterator[Finding]:
    """Judge a tar archive, in one pass, and its members."""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for count, member in enumerate(archive):
                if count >= MOST_MEMBERS:
                    raise Unreadable(f"has more than {MOST_MEMBERS:,} members")
                yield from _tar_member(archive, member, file, judge)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        yield Finding(file, f"is a broken tar archive: {error}", "must be whole")


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo, file: str, judge: Judge) -> Iterator[Finding]:
    name = f"{file}!{member.name}"
    if climbs(member.name):
        yield Finding(name, "climbs out of its archive", _INSIDE)
    if member.islnk() or member.issym():
        start = "" if member.islnk() else member.name
        if link_climbs(start or "member", member.linkname):
            yield Finding(name, f"is a link to '{member.linkname}'", _INSIDE)
    elif member.isfile():
        content = archive.extractfile(member)
        if content is not None:
            yield from judge(cast("BinaryIO", content), name)
    elif not member.isdir():
        yield Finding(name, "is a device", "must be a file")
