"""Multi-head attention with one tensor in and one tensor out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class MultiHeadAttention(nn.Module):
    """`nn.MultiheadAttention`, batch first, with the same names of parameters."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.causal = causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: torch.Tensor, memory: torch.Tensor | None = None) -> torch.Tensor:
        """Returns what each position of the query finds in the memory, or in the query."""
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        memory = query if memory is None else memory
        sources = (query, memory, memory)
        projected = map(functional.linear, sources, self.in_proj_weight.chunk(3), biases)
        q, k, v = (
            features.reshape(*features.shape[:2], self.num_heads, -1).transpose(1, 2)
            for features in projected
        )
        dropout = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, is_causal=self.causal
        )
        made: torch.Tensor = self.out_proj(found.transpose(1, 2).flatten(2))
        return made
