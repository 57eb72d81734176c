"""Code in a file of TorchScript reaches for no file, however it is written: each row wrote one under PyTorch 1.13."""

from __future__ import annotations

import tarfile

import pytest

from seldon_infra.artifacts.judge.content import judge
from tests.unit.artifacts.judge import written as w
from tests.unit.artifacts.judge.written import File

FORWARD = b"class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    "
HOSTILE = {
    "plainly": b"torch.save(x, '/tmp/a')",
    "with a blank": b"torch . save(x, '/tmp/a')",
    "in brackets": b"(torch).save(x, '/tmp/a')",
    "over lines": b"(torch.\n  save)(x, '/tmp/a')",
    "with a backslash": b"torch.\\\n  save(x, '/tmp/a')",
    "behind a comment": b"(torch. # '\n  save)(x, '/tmp/a')",
    "by another name": b"t = torch\n    t.save(x, '/tmp/a')",
    "as a value": b"t = torch.save\n    t(x, '/tmp/a')",
    "by a text": b"getattr(torch, 'save')(x, '/tmp/a')",
    "by a text in octal": b"getattr(torch, '\\163ave')(x, '/tmp/a')",
    "among the operators": b"ops.aten.save(x, '/tmp/a')",
    "by another name of theirs": b"o = ops.aten\n    o.save(x, '/tmp/a')",
    "by a text among them": b"getattr(ops.aten, 'save')(x, '/tmp/a')",
    "from a file": b"torch.from_file('/etc/passwd', False, 8)",
}
BENIGN = {
    "what PyTorch writes": b"_0 = __torch__.torch.nn.functional.relu\n    return torch.add(_0(x), torch.mul(x, x))",
    "operators of other kinds": b"return ops.quantized.linear(x, self.w, 1., CONSTANTS.c0)",
    "a module by its number": b"_0 = getattr(self.layers, '0')\n    return (_0).forward(x)",
    "words in a text": b"ops.prim.RaiseException('torch cannot save, see ops.save')\n    return x",
    "words in a comment": b"# torch, then .save\n    return x",
    "names that only begin so": b"return torch.from_filed(self.saved, x)",
}


def script(code: bytes) -> File:
    return File("model.pt", w.torch_of(b"\x80\x02K\x01.", ("m/code/__torch__.py", FORWARD + code + b"\n")))


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_a_call_that_reaches_for_a_file_is_found(code: bytes) -> None:
    assert judge([script(code)], "torchserve")


@pytest.mark.parametrize("code", BENIGN.values(), ids=BENIGN)
def test_what_only_computes_is_accepted(code: bytes) -> None:
    assert judge([script(code)], "torchserve") == []


def test_code_that_looks_like_an_archive_is_still_code() -> None:
    """A comment of 512 bytes can be a tar archive's header."""
    header = bytearray(tarfile.TarInfo("# ").tobuf())
    assert b"\n" not in header
    code = bytes(header) + b"\n" + FORWARD + b"torch.save(x, '/tmp/a')\n"
    assert judge([File("model.pt", w.torch_of(b"\x80\x02K\x01.", ("m/code/__torch__.py", code)))], "torchserve")


def test_a_call_that_is_trusted_is_accepted() -> None:
    assert judge([script(HOSTILE["plainly"])], "torchserve", ("torch.save",)) == []
