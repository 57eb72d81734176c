from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_infra.core.names import (
    as_dns_label,
    is_config_key,
    is_dns_label,
    is_env_name,
    is_host,
    is_image_reference,
    is_label_value,
    is_qualified_name,
    is_service_name,
    is_subdomain,
    shortened,
)

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,200}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_a_dns_label_is_one(name: str) -> None:
    assert is_dns_label(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "ä", "a\n"])
def test_another_text_is_no_dns_label(name: str) -> None:
    assert not is_dns_label(name)


def test_a_services_name_starts_with_a_letter() -> None:
    assert is_service_name("a1")
    assert not is_service_name("1a")


@pytest.mark.parametrize(("name", "ok"), [("a.b-c.d", True), ("a..b", False), (".a", False), ("a" * 254, False)])
def test_a_subdomain_is_labels_joined_by_dots(name: str, ok: bool) -> None:
    assert is_subdomain(name) is ok


@pytest.mark.parametrize(("value", "ok"), [("", True), ("A_b.c-1", True), ("-a", False), ("a b", False)])
def test_a_labels_value(value: str, ok: bool) -> None:
    assert is_label_value(value) is ok


@pytest.mark.parametrize(
    ("name", "ok"), [("team", True), ("acme.com/team", True), ("/team", False), ("Acme.com/team", False), ("", False)]
)
def test_a_labels_key(name: str, ok: bool) -> None:
    assert is_qualified_name(name) is ok


@pytest.mark.parametrize(("name", "ok"), [("A_1", True), ("a.b-c", True), ("1A", False), ("A B", False), ("", False)])
def test_a_variables_name(name: str, ok: bool) -> None:
    assert is_env_name(name) is ok


@given(st.text())
def test_a_suggested_label_is_one(text: str) -> None:
    assert is_dns_label(as_dns_label(text))


@given(LABELS)
def test_a_label_is_its_own_suggestion_as_long_as_it_is_one(name: str) -> None:
    assert not is_dns_label(name) or "--" in name or as_dns_label(name) == name


@given(LABELS, st.integers(12, 63))
def test_a_shortened_label_fits_and_is_a_label(name: str, limit: int) -> None:
    short = shortened(name, limit)
    assert len(short) <= limit
    assert is_dns_label(short)
    assert shortened(name, limit) == short


@given(st.sets(LABELS, min_size=2, max_size=40))
def test_shortened_names_never_meet(names: set[str]) -> None:
    assert len({shortened(name, 20) for name in names}) == len(names)


def test_a_hundred_thousand_names_with_one_beginning_never_meet() -> None:
    names = [f"{'fraud-detection-' * 4}{number}" for number in range(100_000)]
    assert len({shortened(name) for name in names}) == len(names)


def test_a_name_that_fits_stays() -> None:
    assert shortened("fraud-main") == "fraud-main"


@pytest.mark.parametrize(
    ("name", "ok"),
    [("a", True), ("a/b:1.0", True), ("host.io:5000/a__b/c-d:V_1", True), ("localhost/a", True), ("A", False),
     ("a/B", False), ("a:b:c", False), ("a//b", False), ("-a", False), ("a:", False), ("", False), ("a b", False)],
)  # fmt: skip
def test_an_images_name_keeps_to_dockers_grammar(name: str, ok: bool) -> None:
    assert is_image_reference(name) is ok


@pytest.mark.parametrize(("key", "ok"), [("a.B_c-1", True), (".a", True), ("..", False), (".", False), ("a b", False)])
def test_a_key_of_a_secret(key: str, ok: bool) -> None:
    assert is_config_key(key) is ok


@pytest.mark.parametrize(("host", "ok"), [("*", True), ("*.a.b", True), ("a.b", True), ("", False), ("a b", False)])
def test_a_host_is_one_or_all_of_a_domain(host: str, ok: bool) -> None:
    assert is_host(host) is ok
