"""What a model says of itself, and whether it is believed."""

from __future__ import annotations

import pytest

from archspec.backends.metadata import AlteredError, spec_hash, stored_spec


def test_the_hash_is_sha_256() -> None:
    # The digest of `abc`, from FIPS 180-2, appendix B.1.
    assert spec_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_spec_is_read_as_it_was_stored() -> None:
    text = "name: größer\n"
    stored = {"archspec.spec": text, "archspec.spec_sha256": spec_hash(text)}
    assert stored_spec(stored, "net.onnx") == text
    assert stored_spec({}, "net.onnx") is None


@pytest.mark.parametrize("stored", [{"archspec.spec_sha256": spec_hash("a: 1\n")}, {}])
def test_a_spec_that_was_changed_is_told(stored: dict[str, str]) -> None:
    with pytest.raises(AlteredError, match=r"the spec in net\.onnx was changed after the export"):
        stored_spec({"archspec.spec": "a: 2\n", **stored}, "net.onnx")
