"""A user's own weights: state dicts and npz files, and nothing in them is run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from checkers.data.two_layer_model import read_model
from checkers.errors import InputError


def network(*, bias: bool = True, outputs: int = 1) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 5, bias=bias), nn.ReLU(), nn.Linear(5, outputs, bias=bias))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_state_dict_is_the_network(bias: bool, wrapped: bool, tmp_path: Path) -> None:
    model, path = network(bias=bias), tmp_path / "model.pt"
    torch.save({"state_dict": model.state_dict(), "epoch": 3} if wrapped else model.state_dict(), path)
    found = read_model(path)
    assert found.bias == bias
    x = torch.randn(7, 3)
    rows = np.hstack([x.double().numpy(), np.ones((7, 1))]) if bias else x.double().numpy()
    outputs = np.maximum(rows @ found.weights.T, 0) @ found.output + found.offset
    np.testing.assert_allclose(outputs, model.double()(x.double())[:, 0].detach().numpy(), rtol=1e-12)


def test_an_npz_file_and_a_vector_as_output_layer(tmp_path: Path) -> None:
    path, weights, output = tmp_path / "model.npz", np.arange(6.0).reshape(3, 2), np.array([1.0, -1.0, 1.0], dtype=np.float32)
    np.savez(path, W=weights, a=output)
    found = read_model(path, None)
    np.testing.assert_array_equal(found.weights, weights)
    np.testing.assert_array_equal(found.output, output.astype(np.float64) * (1 / math.sqrt(3)))
    assert (found.offset, found.bias, found.scale, found.output_bias) == (0.0, False, 1 / math.sqrt(3), False)


def test_the_output_layer_may_be_named_first(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, a=np.ones((1, 4)), w=np.ones((4, 2)))
    assert read_model(path).weights.shape == (4, 2)


class Touching:
    """Whoever unpickles this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_nothing_in_the_file_is_run(tmp_path: Path) -> None:
    path, made = tmp_path / "model.pt", tmp_path / "made"
    torch.save({"weight": Touching(made)}, path)
    with pytest.raises(InputError, match="nothing in it is run"):
        read_model(path)
    assert not made.exists()
    np.savez(tmp_path / "model.npz", w=np.array([Touching(made)], dtype=object))
    with pytest.raises(InputError, match="npz file of plain numbers"):
        read_model(tmp_path / "model.npz")
    assert not made.exists()


def test_a_whole_module_is_refused_with_what_to_save(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(network(), path)
    with pytest.raises(InputError, match=r"save the state dict, torch\.save\(model\.state_dict\(\), FILE\)"):
        read_model(path)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"w": np.ones((4, 2))}, "not a network of two layers"),
        ({"w": np.ones((4, 2)), "v": np.ones((3, 4))}, "v has 3 outputs, and a certificate is of one"),
        ({"w": np.ones((4, 2)), "v": np.ones((1, 5))}, "W of shape .* it has w 4x2, v 1x5"),
        ({"a": np.ones((4, 2)), "b": np.ones((4, 4)), "c": np.ones((1, 4))}, "not a network of two layers"),
        ({"w": np.ones((4, 2)), "v": np.ones((1, 4)), "mean": np.ones(9)}, "not a network of two layers"),
        ({"a": np.ones((4, 2)), "b": np.ones((4, 4)), "c": np.ones((1, 4))}, "of 3 layers --depth 1 trains all but the first and the last"),
        ({"0.w": np.ones((4, 2)), "1.weight": np.ones(4), "2.w": np.ones((1, 4))}, "1.weight is a vector, of a layer that is neither"),
        ({"0.w": np.ones((4, 2)), "1.weight": np.ones(1), "2.w": np.ones((1, 4))}, "1.weight is a vector, of a layer that is neither"),
        ({"w": np.full((4, 2), np.nan), "v": np.ones((1, 4))}, "w holds a number that is not finite"),
        ({"w": np.ones((4, 2)), "v": np.zeros((1, 4))}, "v is zero"),
        ({"w": np.ones((4, 2), dtype=np.int64), "v": np.ones((1, 4))}, "w holds int64 where weights are needed"),
        ({}, "it has nothing"),
    ],
)
def test_what_is_no_such_network(arrays: dict[str, np.ndarray], sentence: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=sentence):
        read_model(tmp_path / "model.npz")


@pytest.mark.parametrize("content", [b"", b"not a file of torch", b"PK\x03\x04 cut off", b"\x80\x02}q\x00."])
@pytest.mark.parametrize("suffix", [".pt", ".npz"])
def test_files_of_other_kinds(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"model\{suffix}"):
        read_model(path)
    with pytest.raises(InputError, match="there is no such file"):
        read_model(tmp_path / "other")
