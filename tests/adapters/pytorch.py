"""Models of PyTorch."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import nn

from tests.adapters import channels_last, in_batches, in_keras_order
from tests.parity.measure import ADAM_EPSILON, ADAM_LEARNING_RATE, SGD_LEARNING_RATE, Translator


class Network:
    """A module as a probe finds it."""

    def __init__(self, model: nn.Module) -> None:
        self.model, self.device = model, next(model.parameters()).device

    def parameters(self, maps: tuple[int, int] | None = None) -> list[np.ndarray]:
        return in_keras_order(
            [
                (self.array(parameter), isinstance(module, nn.Embedding))
                for module in self.model.modules()
                for parameter in module.parameters(recurse=False)
            ],
            maps,
        )

    def call(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        before = self.model.training
        self.model.train(training)
        with torch.no_grad():
            y = in_batches(partial(channels_last, lambda batch: self.array(self.model(self.tensor(batch)))), x)
        self.model.train(before)
        return y

    def tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.tensor(array, device=self.device)

    def array(self, tensor: torch.Tensor) -> np.ndarray:
        return tensor.numpy(force=True)


class PyTorchNetwork:
    """A PyTorch module whose translators are known.

    It is called as the snippet `weights` calls layers; but where it takes noise of its own, or a second sequence, as
    `tests.adapters.keras.keras_network` says.
    """

    def __init__(
        self, module, parts: list[Translator], conventions, weights, dropout=False, noise=None, source=0
    ) -> None:
        self.module, self.parts, self.conventions, self.snippet = module, parts, conventions, weights
        self.noise, self.source = noise, source
        self.layers = list(parametric(module))
        if len(self.layers) != len(parts):
            names = ", ".join(type(layer).__name__ for layer in self.layers)
            raise ValueError(f"PyTorch has {len(self.layers)} layers with parameters ({names}), Keras {len(parts)}")
        for part in module.modules():
            if isinstance(part, nn.Dropout) and not dropout:
                part.p = 0.0
            if isinstance(part, (nn.RNN, nn.LSTM)):  # as the snippet's `with_one_bias`, in both directions
                for name, parameter in part.named_parameters():
                    parameter.requires_grad_(not name.startswith("bias_hh"))
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                conventions.keep_biased_variance(part)

    def _call(self, x) -> torch.Tensor:
        if self.noise is None and not self.source:
            return self.snippet.call_pytorch(self.module, x)
        place = self.source or -self.noise
        y = self.module(*torch.tensor(x).tensor_split([place], dim=1)) if place else self.module(torch.tensor(x))
        return torch.cat(y, dim=1) if isinstance(y, tuple) else y

    def set_weights(self, weights) -> None:
        weights = list(weights)
        for layer, part in zip(self.layers, self.parts):
            layer_weights, weights = weights[: part.count], weights[part.count :]
            self.snippet.load(layer, part.forth(layer_weights))

    def _to_keras(self, values) -> list[np.ndarray]:
        found = []
        for layer, part in zip(self.layers, self.parts):
            # Counts batches; no weight.
            state = {
                key: tensor for key, tensor in layer.state_dict(keep_vars=True).items() if "num_batches" not in key
            }
            found += part.back({key: values(tensor) for key, tensor in state.items()})
        return found

    def weights(self) -> list[np.ndarray]:
        return self._to_keras(lambda tensor: tensor.detach().numpy().copy())

    def forward(self, x) -> np.ndarray:
        self.module.eval()
        with torch.no_grad():
            return self._call(x).numpy()

    def scatter(self, x) -> float:
        self.module.train()
        return self._call(x).var(dim=0, correction=0).sum().item()

    def _backward(self, x, target) -> None:
        self.module.train()
        self.module.zero_grad()
        output, target = self._call(x), torch.tensor(target)
        loss = nn.functional.mse_loss if target.is_floating_point() else nn.functional.cross_entropy
        if not target.is_floating_point():
            output, target = output.movedim(-1, 1), target.long()  # classes come second, before time steps
        loss(output, target).backward()

    def gradients(self, x, target) -> list[np.ndarray]:
        self._backward(x, target)
        return self._to_keras(lambda t: (torch.zeros_like(t) if t.grad is None else t.grad).detach().numpy().copy())

    def start(self, optimizer: str) -> None:
        trained = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.steps = 0
        if optimizer == "sgd":
            self.optimizer = torch.optim.SGD(trained, SGD_LEARNING_RATE)
        else:
            self.optimizer = torch.optim.Adam(trained, ADAM_LEARNING_RATE, eps=ADAM_EPSILON)

    def step(self, x, target) -> None:
        self.steps += 1
        if isinstance(self.optimizer, torch.optim.Adam):
            self.conventions.align_epsilon(self.optimizer, self.steps, ADAM_EPSILON)
        self._backward(x, target)
        self.optimizer.step()


def parametric(module: nn.Module):
    """Yield the parts that have parameters of their own, outermost first: attention is one, its output projection none."""
    if any(True for _ in module.parameters(recurse=False)):
        yield module
    else:
        for child in module.children():
            yield from parametric(child)
