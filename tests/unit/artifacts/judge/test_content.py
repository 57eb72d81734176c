"""What a finding says, what can be accepted, and what each server's list holds."""

from __future__ import annotations

import gzip

import pytest

from seldon_infra.artifacts.judge.content import judge
from seldon_infra.artifacts.judge.names import allowed
from tests.unit.artifacts.judge import written as w
from tests.unit.artifacts.judge.written import File

SYSTEM = File("m/model.joblib", w.called_in_protocol_4("os", "system"))


def test_a_finding_names_node_model_file_and_what_to_do() -> None:
    (found,) = judge([SYSTEM], "sklearn")
    assert str(found.problem("model 'm'", "models/m")) == (
        "model 'm': model_uri 'models/m': m/model.joblib imports os.system, must import only what its server needs; "
        "accept it by trusted=('os.system',) if you know who made the file"
    )


def test_a_name_that_is_trusted_is_accepted_and_no_other() -> None:
    assert not judge([SYSTEM], "sklearn", ("os.system",))
    assert judge([SYSTEM], "sklearn", ("os", "system", "os.popen"))


def test_nobody_can_accept_an_archive_that_climbs_out() -> None:
    (found,) = judge([File("m.tar", w.tar_of([(w.entry("../x"), b"1")]))], "sklearn")
    assert found.name is None
    assert judge([File("m.tar", w.tar_of([(w.entry("../x"), b"1")]))], "sklearn", ("../x",))


def test_all_files_are_told_at_once() -> None:
    other = File("b.pkl", w.called_in_protocol_2("builtins", "eval"))
    assert [found.file for found in judge([SYSTEM, File("ok.txt", b"fine"), other], "sklearn")] == [
        "m/model.joblib",
        "b.pkl",
    ]


def test_a_member_is_named_by_its_way_through_the_archives() -> None:
    inner = w.zip_of([("a/model.pkl", w.called_in_protocol_2("os", "system"))])
    (found,) = judge([File("m.tar.gz", gzip.compress(w.tar_of([(w.entry("m.zip"), inner)])))], "sklearn")
    assert found.file == "m.tar.gz!!m.zip!a/model.pkl"


@pytest.mark.parametrize(
    ("kind", "name", "is_allowed"),
    [
        ("sklearn", "sklearn.svm._classes.SVC", True),
        ("tensorflow", "sklearn.svm._classes.SVC", False),
        ("sklearn", "xgboost.sklearn.XGBClassifier", False),
        ("xgboost", "xgboost.sklearn.XGBClassifier", True),
        ("python", "xgboost.sklearn.XGBClassifier", True),
        ("sklearn", "numpy.core.multiarray._reconstruct", True),
        ("tensorflow", "numpy.core.multiarray._reconstruct", True),
        ("sklearn", "numpy.f2py.compile", False),
        ("sklearn", "sklearn.datasets._openml.Request", False),
        ("sklearn", "sklearn.base.ABCMeta", False),
        ("sklearn", "scipy.stats._continuous_distns.norm_gen", False),
        ("sklearn", "builtins.getattr", False),
        ("torchserve", "torch.QInt8Storage", True),
        ("torchserve", "__torch__.Net", True),
        ("torchserve", "torch.hub.load", False),
    ],
)
def test_each_server_has_a_list_of_its_own(kind: str, name: str, is_allowed: bool) -> None:
    module, _, last = name.rpartition(".")
    assert allowed(kind)(module, last) is is_allowed


def test_a_name_that_reaches_through_a_module_is_on_no_list() -> None:
    assert not allowed("sklearn")("sklearn.base", "BaseEstimator.__init__.__globals__")


def test_a_claimed_size_costs_no_memory() -> None:
    assert judge([File("m.pkl", b"\x80\x04cos\nsystem\n)R\x8e" + b"\xff" * 7 + b"\x7f" + b"x")], "sklearn")
