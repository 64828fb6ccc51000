"""A user's own deep network: which of its layers is which, what is refused, and its outputs are torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from checkers.data.deep_model import read_deep_model
from checkers.errors import InputError
from checkers.experiments.width.drawn_deep import own_deep

WEIGHTS = {"a": np.ones((5, 3)), "w": np.ones((4, 5)), "b": np.ones((1, 4))}


def network(*middle: nn.Module, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 5, bias=bias), nn.ReLU(), *middle, nn.Linear(4, 1, bias=bias))


def trained(rows: int, columns: int, *, bias: bool = False) -> nn.Linear:
    return nn.Linear(columns, rows, bias=bias)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_state_dict_is_the_network(bias: bool, wrapped: bool, tmp_path: Path) -> None:
    model, path = network(trained(6, 5), nn.ReLU(), trained(4, 6), nn.ReLU(), bias=bias), tmp_path / "model.pt"
    torch.save({"state_dict": model.state_dict()} if wrapped else model.state_dict(), path)
    found = read_deep_model(path, 2, 0.5)
    assert (found.bias, found.width, found.even) == (bias, 6, False)
    x = torch.randn(7, 3)
    rows = torch.cat([x, torch.ones(7, 1)], 1) if bias else x
    outputs = own_deep(found).forward(rows.double()).outputs[0, :, 0] + found.offset
    torch.testing.assert_close(outputs, 0.5 * model.double()(x.double())[:, 0], rtol=1e-12, atol=0)


def test_an_npz_file_and_a_scale_by_the_last_hidden_layer(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", **WEIGHTS)  # type: ignore[arg-type]
    found = read_deep_model(tmp_path / "model.npz", 1, None)
    np.testing.assert_array_equal(found.input, WEIGHTS["a"])
    np.testing.assert_array_equal(found.hidden[0], WEIGHTS["w"])
    np.testing.assert_array_equal(found.output, np.full((1, 4), 0.5))


@pytest.mark.parametrize(
    ("changes", "depth", "sentence"),
    [
        ({}, 2, "between its first and its last layer .* has 1, not the 2 of --depth"),
        ({"w": np.ones((4, 4))}, 1, "not a network of linear layers .* it has a 5x3, w 4x4, b 1x4"),
        ({"b": np.ones((1, 5))}, 1, "not a network of linear layers"),
        ({"b": np.ones(4)}, 1, "not a network of linear layers|between its first"),
        ({"b": np.ones((2, 4))}, 1, "b has 2 outputs, and a certificate is of one"),
        ({"b": np.zeros((1, 4))}, 1, "b is zero, and its network is 0"),
        ({"w": np.full((4, 5), np.inf)}, 1, "w holds a number that is not finite"),
        ({"w": np.ones((4, 5, 1))}, 1, "not a network of linear layers"),
        ({"extra": np.ones((1, 1, 1))}, 1, "not a network of linear layers"),
    ],
)
def test_what_is_no_such_network(changes: dict[str, np.ndarray], depth: int, sentence: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", **{**WEIGHTS, **changes})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=sentence):
        read_deep_model(tmp_path / "model.npz", depth)


@pytest.mark.parametrize(
    ("middle", "sentence"),
    [
        ((trained(4, 5, bias=True),), r"2\.bias is of a hidden layer, and the certificate of deep networks is of those without bias"),
        ((trained(4, 5), nn.LayerNorm(4, bias=False)), r"3\.weight is a vector, of a layer that is neither linear nor relu"),
        ((trained(4, 5), nn.PReLU()), r"3\.weight is a vector"),
        ((trained(4, 5), nn.BatchNorm1d(4)), "num_batches_tracked holds int64 where weights are needed|3.weight is a vector"),
        ((nn.utils.parametrizations.weight_norm(trained(4, 5)),), "not a network of linear layers"),
    ],
    ids=["bias", "layer norm", "prelu", "batch norm", "weight norm"],
)
def test_layers_of_other_kinds(middle: tuple[nn.Module, ...], sentence: str, tmp_path: Path) -> None:
    torch.save(network(*middle).state_dict(), tmp_path / "model.pt")
    with pytest.raises(InputError, match=sentence):
        read_deep_model(tmp_path / "model.pt", 1)


def test_a_bias_is_of_the_layer_that_it_is_named_after(tmp_path: Path) -> None:
    """The same arrays in the same order, the vector another layer's."""
    first, last, hidden = torch.ones(4, 3), torch.ones(1, 4), torch.ones(4, 4)
    path = tmp_path / "model.pt"
    torch.save({"0.weight": first, "0.bias": torch.ones(4), "2.weight": hidden, "4.weight": last}, path)
    assert read_deep_model(path, 1).bias
    torch.save({"0.weight": first, "2.bias": torch.ones(4), "2.weight": hidden, "4.weight": last}, path)
    with pytest.raises(InputError, match="not a network of linear layers"):
        read_deep_model(path, 1)
