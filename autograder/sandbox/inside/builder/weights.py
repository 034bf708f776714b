"""Bounds the number of weights of a model, whatever its config asks for."""

from __future__ import annotations

import math
from typing import Any

import keras

from .values import Refused


class WeightBudget:
    """The number of weights that may still be made."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, shape: Any) -> None:
        """Subtract the weights of one array; raise Refused where too few are left."""
        if any(not isinstance(size, int) or size < 0 for size in shape):
            raise Refused("a weight of no known shape")
        self.left -= math.prod(shape)
        if self.left < 0:
            raise Refused("it asks for more weights than it has")


class BudgetedInitializer(keras.initializers.Initializer):  # type: ignore[misc]
    """Gives zeros, or the values of another initialiser, and takes them from the budget."""

    def __init__(self, budget: WeightBudget, inner: Any = None) -> None:
        self.budget = budget
        self.inner = inner

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        self.budget.take(shape)
        return keras.ops.zeros(shape, dtype) if self.inner is None else self.inner(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:  # a layer with several kernels copies the initialiser for each
        return {"budget": self.budget, "inner": self.inner}
