"""What a type of machine is known to have; tests/aws compares the table with EC2."""

from __future__ import annotations

import pytest

from seldon_infra.eks.instance_types import GPUS, find, quota_of, table


def test_a_type_that_is_not_known_is_no_mistake() -> None:
    assert find("m99.large") is None


@pytest.mark.parametrize(
    ("name", "gpu", "count", "memory_mib"),
    [
        ("g4dn.xlarge", "T4", 1, 15109),
        ("g5.12xlarge", "A10G", 4, 22731),
        ("p3.2xlarge", "V100", 1, 16160),
        ("p3dn.24xlarge", "V100", 8, 32510),
        ("p4d.24xlarge", "A100", 8, 40536),
        ("p4de.24xlarge", "A100", 8, 81251),
        ("p6-b300.48xlarge", "B300", 8, 275040),
    ],
)
def test_a_type_has_the_gpus_of_its_family(name: str, gpu: str, count: int, memory_mib: int) -> None:
    found = find(name)
    assert found
    assert found.gpu
    assert (found.gpu.name, found.gpus, found.gpu.memory_mib) == (gpu, count, memory_mib)


@pytest.mark.parametrize(
    ("name", "quota"),
    [
        ("m7i.large", "Standard"),
        ("t4g.small", "Standard"),
        ("im4gn.large", "Standard"),
        ("g6.xlarge", "G and VT"),
        ("gr6.4xlarge", "G and VT"),
        ("vt1.3xlarge", "G and VT"),
        ("p5.48xlarge", "P"),
        ("p6-b200.48xlarge", "P"),
        ("inf2.xlarge", "Inf"),
        ("trn1.2xlarge", "Trn"),
        ("u7i-12tb.224xlarge", "High Memory"),
        ("mac2.metal", None),
    ],
)
def test_vcpus_count_for_the_quota_of_the_family(name: str, quota: str | None) -> None:
    assert quota_of(name) == quota


def test_every_type_counts_for_a_quota() -> None:
    assert all(each.quota for each in table().values())


def test_mig_devices_of_a_gpu_have_no_more_memory_than_it_has() -> None:
    for gpu in GPUS:
        for profile, count in gpu.mig.items():
            assert 0 < gpu.mig_memory_mib(profile) * count <= gpu.memory_mib, (gpu.name, profile)


def test_models_that_can_be_divided_are_known() -> None:
    divided = [gpu.name for gpu in GPUS if gpu.mig]
    assert divided == ["A100", "A100", "H100", "H200", "B200", "B300", "RTX PRO Server 6000"]
