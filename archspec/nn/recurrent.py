"""Recurrent layers that return one tensor, and may have one bias."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

CALLS: dict[str, Callable[..., tuple[torch.Tensor, ...]]] = {
    "LSTM": torch.lstm,
    "GRU": torch.gru,
    "RNN_TANH": torch.rnn_tanh,
    "RNN_RELU": torch.rnn_relu,
}


class Recurrent(nn.RNNBase):
    """`nn.LSTM`, `nn.GRU` or `nn.RNN`, batch first, with the same names of parameters.

    With `num_biases=1` there is no `bias_hh`, as in Keras. Without `return_sequences` the
    output is the last state of each direction instead of all of them.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        num_biases: int = 2,
        dropout: float = 0.0,
        bidirectional: bool = False,
        return_sequences: bool = True,
    ) -> None:
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, True, dropout, bidirectional
        )
        self.return_sequences = return_sequences
        if num_biases == 1:
            for name in [name for name in self._parameters if name.startswith("bias_hh")]:
                del self._parameters[name]
            self._init_flat_weights()

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Returns `[batch, T, states]`, or the last states `[batch, states]`."""
        directions = 2 if self.bidirectional else 1
        start = input.new_zeros(self.num_layers * directions, input.shape[0], self.hidden_size)
        every, last = self.run(input, start)
        if self.return_sequences:
            return every
        return last[-directions:].transpose(0, 1).flatten(1)

    def run(self, input: torch.Tensor, start: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: A002
        """Returns all states of the last layer, and the last states of all layers."""
        no_bias = input.new_zeros(len(self.get_parameter("weight_hh_l0")))
        weights = [no_bias if weight is None else weight for weight in self._flat_weights]
        every, last, *_ = CALLS[self.mode](
            input,
            (start, start) if self.mode == "LSTM" else start,
            weights,
            self.bias,
            self.num_layers,
            self.dropout if self.training else 0.0,
            # cuDNN cannot go back through a layer unless it is told so.
            self.training or torch.is_grad_enabled(),
            self.bidirectional,
            True,
        )
        return every, last


class ResetBeforeGRU(Recurrent):
    """A GRU that resets the state before the recurrent product (Cho et al. 2014).

    The new state is `tanh(W_in x + b_in + W_hn (r * h) + b_hn)`, as with Keras's
    `reset_after=False`; torch's own resets after the product.
    """

    def run(self, input: torch.Tensor, start: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: A002
        """Returns all states of the last layer, and the last states of all layers."""
        last = []
        for layer in range(self.num_layers):
            if layer:
                input = nn.functional.dropout(input, self.dropout, self.training)  # noqa: A001
            made = []
            for reverse in range(2 if self.bidirectional else 1):
                name = f"l{layer}" + "_reverse" * reverse
                steps = self.direction(input.flip(1) if reverse else input, start[0], name)
                last.append(steps[:, -1])
                made.append(steps.flip(1) if reverse else steps)
            input = torch.cat(made, -1)  # noqa: A001
        return input, torch.stack(last)

    def direction(self, input: torch.Tensor, state: torch.Tensor, name: str) -> torch.Tensor:  # noqa: A002
        """Returns the states of one layer in one direction, `[batch, T, hidden_size]`."""
        weight = self.get_parameter(f"weight_ih_{name}")
        own = nn.functional.linear(input, weight, getattr(self, f"bias_ih_{name}", None))
        weight = self.get_parameter(f"weight_hh_{name}")
        bias = getattr(self, f"bias_hh_{name}", own.new_zeros(len(weight)))
        gates = 2 * self.hidden_size
        steps = []
        for step in own.unbind(1):
            both = step[:, :gates] + nn.functional.linear(state, weight[:gates], bias[:gates])
            reset, update = both.sigmoid().chunk(2, -1)
            again = nn.functional.linear(reset * state, weight[gates:], bias[gates:])
            new = torch.tanh(step[:, gates:] + again)
            state = new + update * (state - new)
            steps.append(state)
        return torch.stack(steps, 1)
