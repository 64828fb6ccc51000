"""The stub refuses what CUDA refuses, allows what CUDA allows, and computes what the CPU computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.stub_device import DEVICE, StubTensor, stub_device

HERE = torch.tensor([[3.0, 1.0], [2.0, 5.0]], dtype=torch.float64)
INDEX = torch.tensor([[1, 0]])


@pytest.fixture
def there() -> Iterator[Tensor]:
    with stub_device() as device:
        yield HERE.to(device)


REFUSED: dict[str, Callable[[Tensor], Any]] = {
    "a sum": lambda x: x + HERE,
    "a sum the other way round": lambda x: HERE + x,
    "a sum with a larger tensor of the CPU": lambda x: x.sum() + HERE,
    "a product with a range": lambda x: torch.arange(2.0) * x,
    "a comparison": lambda x: x == HERE,
    "a matrix product": lambda x: x @ HERE,
    "an einsum": lambda x: torch.einsum("ij,jk->ik", x, HERE),
    "a stack": lambda x: torch.stack([x, HERE]),
    "a stack of numbers": lambda x: torch.stack([x.sum(), HERE.sum()]),
    "a concatenation": lambda x: torch.cat([x, HERE]),
    "a gather with indices of the CPU": lambda x: x.gather(0, INDEX),
    "a gather on the CPU": lambda x: HERE.gather(0, INDEX.to(x.device)),
    "an index_select": lambda x: x.index_select(0, INDEX[0]),
    "a scatter": lambda x: torch.zeros_like(x).scatter_(0, INDEX, x),
    "an index of the device on the CPU": lambda x: HERE[INDEX[0].to(x.device)],
    "a scattered assignment": lambda x: x.__setitem__(INDEX[0], HERE),
    "a change in place": lambda x: x.add_(HERE),
    "a change in place on the CPU": lambda x: HERE.sum().add_(x.sum()),
    "a choice": lambda x: torch.where(x > 0, x, HERE),
    "equality": lambda x: torch.equal(x, HERE),
    "a derivative": lambda x: torch.autograd.grad(x.clone().requires_grad_().square().sum(), HERE),
    "numpy": lambda x: x.numpy(),
    "numpy, unasked": lambda x: np.asarray(x),
    "an array of tensors": lambda x: np.stack([x, x]),
    "a sum with an array": lambda x: x + HERE.numpy(),
    "a sum of an array": lambda x: HERE.numpy() + x,
    "a function of numpy": lambda x: np.abs(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(name: str, there: Tensor) -> None:
    with pytest.raises((RuntimeError, TypeError), match=r"same device|numpy|NumPy|unsupported operand"):
        REFUSED[name](there)


ALLOWED: dict[str, Callable[[Tensor], Any]] = {
    "a number of the CPU": lambda x: x * torch.tensor(2.0) + HERE.sum(),
    "a choice of numbers": lambda x: torch.where(x > 2, x, torch.tensor(0.0, dtype=torch.float64)),
    "numpy's number": lambda x: np.float64(2) * x,
    "an index of the CPU": lambda x: x[torch.tensor([1, 0])],
    "a mask": lambda x: x[x > 2],
    "an assignment to a slice": lambda x: _assigned(x.clone()),
    "a copy": lambda x: torch.zeros_like(x).copy_(HERE),
    "what is made like it": lambda x: x.new_ones(2) + torch.ones_like(x),
    "what is made on its device": lambda x: x + torch.eye(2, device=x.device),
    "what is moved to it": lambda x: torch.arange(2).to(x) + x,
    "what is moved by as_tensor": lambda x: x + torch.as_tensor(HERE.numpy(), device=x.device),
    "a sort": lambda x: x.sort(dim=1).values.gather(0, INDEX.to(x.device)),
    "eigenvalues": lambda x: torch.linalg.eigvalsh(x @ x.mT),
    "the largest": lambda x: x.max(dim=0)[0],
    "a stack of a tensor's rows": lambda x: torch.stack(list(x)),
    "a derivative": lambda x: _derivative(x),
}


def _assigned(x: Tensor) -> Tensor:
    x[:1] = HERE[:1] + 1
    return x


def _derivative(x: Tensor) -> Tensor:
    free = x.clone().requires_grad_()
    return torch.autograd.grad((free @ free).sum(), free)[0]


@pytest.mark.parametrize("name", ALLOWED)
def test_it_allows_and_computes_what_the_cpu_computes(name: str, there: Tensor) -> None:
    found, expected = ALLOWED[name](there), ALLOWED[name](HERE)
    assert found.device == DEVICE
    assert not isinstance(expected, StubTensor)
    assert torch.equal(found.cpu(), expected)


def test_numbers_are_fetched(there: Tensor) -> None:
    assert there.tolist() == HERE.tolist()
    assert float(there[0, 0]) == there[0, 0].item() == 3.0
    assert bool((there > 0).all())
    assert there.shape == HERE.shape
    assert there.is_cuda
    assert torch.equal(HERE.to(there), there)


def test_moving_is_a_copy_and_tensors_of_the_cpu_stay_what_they_are(there: Tensor) -> None:
    before = HERE.clone()
    there += 1
    assert torch.equal(HERE, before)
    back = there.cpu()
    assert type(back) is Tensor
    assert back.device.type == "cpu"
    back += 1
    assert torch.equal(there.cpu(), before + 1)
    assert type(torch.zeros(2)) is type(there.new_zeros(2, device="cpu")) is type(there.to("cpu")) is Tensor
    assert type(HERE[int(there[1, 0]) - 3]) is Tensor, "numbers of the device index what they like"
