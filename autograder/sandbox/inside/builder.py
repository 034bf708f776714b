"""Rebuilds students' models and lets them predict, in a process in the jail that runs no student code.

A config is a text by a stranger. It is read here by tables: of layers, with the scalar arguments that each may have, of
activations, of initialisers, and of operations on tensors. Keras' own deserialiser, for which a config is a language, is never
asked; what the tables do not know is refused, and the model does not cross. Weights, tensors, and what a prediction costs are
bounded before anything is allocated or run.

Runs as a copy beside `wire.py`, from which it takes the format of its messages; it imports nothing of this package.
"""

from __future__ import annotations

import functools
import json
import math
import socket
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any

import keras
import numpy as np
from wire import WireError, decode, encode, receive_frame, send_frame

Shape = tuple[int | None, ...]
Array = np.ndarray[Any, Any]

MAX_TEXT = 2_000_000  # characters of a config
MAX_LAYERS, MAX_NODES, MAX_CALLS, MAX_DEPTH = 64, 256, 512, 8  # Keras takes minutes over a few hundred layers
MAX_SIZE, MAX_DIMENSIONS = 1 << 20, 8
MAX_WEIGHTS, MAX_UNBUILT = 50_000_000, 5_000_000
MAX_ROW = 1 << 24  # numbers of a tensor for one row of a batch
MAX_BYTES = 1 << 30  # of one batch
MAX_WORK = 2e12  # multiplications of one prediction
MAX_TIMES = 1 << 14  # at which a layer is applied one by one
ONE_CALL, ONE_BATCH = (
    256,
    32,
)  # rows that are predicted in one go; of a batch, where there are more, as in Keras' predict
REQUEST_BYTES = 1 << 31
MODELS = 64  # kept at a time; the judge sends another one again when it asks for it
MAX_ERROR = 2_000  # characters


class Refused(Exception):
    """What is asked for stands in no table, or is too large."""


# ---- values that a config may hold


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("not true or false")
    return value


def integer(low: int, high: int = MAX_SIZE) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(f"no whole number from {low} to {high}")
        return value

    return read


def number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < 1e30:  # no NaN either
        raise Refused("not a number")
    return value


def one_of(*allowed: Any) -> Callable[[Any], Any]:
    """The one of our own values that equals what was given, so that nothing of the config goes on."""

    def read(value: Any) -> Any:
        for each in allowed:
            if type(value) is type(each) and value == each:
                return each
        raise Refused("not one of the values known")

    return read


def optional(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else kind(value)


def several(kind: Callable[[Any], Any], most: int = MAX_DIMENSIONS) -> Callable[[Any], tuple[Any, ...]]:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise Refused(f"no list of at most {most}")
        return tuple(map(kind, value))

    return read


def either(one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: other(value) if isinstance(value, list) else one(value)


def dtype(value: Any) -> str:
    """The name of a dtype; Keras writes it as a policy, of which nothing but the name is read."""
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy" and isinstance(value.get("config"), dict):
        value = value["config"].get("name")
    return str(DTYPES(value))


def precision(value: Any) -> str:
    """The dtype of a layer or an input, never of half precision: what a model computes is judged, not how exactly."""
    name = dtype(value)
    return "float32" if name in HALF else name


def numbers(value: Any) -> Any:
    """A number, or one for each feature, also where Keras wrote down an array.

    Several axes could make a layer's result larger than its input.
    """
    if isinstance(value, dict) and value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
        value = value["config"].get("value")
    return np.array([number(each) for each in value], "float32") if isinstance(value, list) else number(value)


AXIS = integer(-MAX_DIMENSIONS, MAX_DIMENSIONS)
WINDOW = integer(1, 1 << 12)
AMOUNT = integer(0, 1 << 16)
LENGTH = integer(-1)
HALF = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
DTYPES = one_of(*HALF, "float32", "float64", "int32", "int64", "uint8", "int8", "int16", "bool")

#: name of an argument -> what it may be. A name with a colon stands for one that means something else in some layers.
KINDS: dict[str, Callable[[Any], Any]] = {
    "units": integer(1),
    "filters": integer(1),
    "input_dim": integer(1, 1 << 24),
    "output_dim": integer(1),
    "n": integer(1),
    "num_heads": integer(1, 256),
    "key_dim": integer(1),
    "value_dim": optional(integer(1)),
    "num_tokens": integer(1),
    "groups": integer(-1),
    "depth_multiplier": integer(1, 1 << 12),
    "kernel_size": either(WINDOW, several(WINDOW, 2)),
    "pool_size": either(WINDOW, several(WINDOW, 2)),
    "strides": optional(either(WINDOW, several(WINDOW, 2))),
    "dilation_rate": either(WINDOW, several(WINDOW, 2)),
    "size": either(WINDOW, several(WINDOW, 2)),
    "output_padding": optional(either(AMOUNT, several(AMOUNT, 2))),
    "cropping": either(AMOUNT, several(either(AMOUNT, several(AMOUNT, 2)), 2)),
    "padding:amounts": either(AMOUNT, several(either(AMOUNT, several(AMOUNT, 2)), 2)),
    "padding": one_of("valid", "same", "causal"),
    "data_format": one_of("channels_last"),
    "data_format:any": one_of("channels_last", "channels_first"),
    "interpolation": one_of("nearest", "bilinear"),
    "target_shape": either(LENGTH, several(LENGTH)),
    "output_shape": optional(either(integer(1), several(integer(1)))),
    "attention_axes": optional(either(AXIS, several(AXIS))),
    "dims": several(integer(1, MAX_DIMENSIONS)),
    "axis": either(AXIS, several(AXIS)),
    "axes": either(AXIS, several(AXIS)),
    "shared_axes": optional(several(AXIS)),
    "axis:any": optional(either(AXIS, several(AXIS))),
    "axes:any": optional(several(AXIS)),
    "axis1": AXIS,
    "axis2": AXIS,
    "newshape": either(LENGTH, several(LENGTH)),
    "repeats": either(integer(1), several(integer(1))),
    "shift": either(integer(-MAX_SIZE), several(integer(-MAX_SIZE))),
    "num_classes": integer(1),
    "dtype:any": optional(dtype),
    "x_min": number,
    "x_max": number,
    "alpha": number,
    "negative_slope": number,
    "max_value": optional(number),
    "threshold": number,
    "mask_value": number,
    "epsilon": number,
    "epsilon:any": optional(number),
    "order": integer(1, 8),
    "initial": optional(number),
    "scale:number": numbers,
    "offset": numbers,
    "mean": optional(numbers),
    "variance": optional(numbers),
    "merge_mode": one_of("concat", "sum", "mul", "ave", None),
    "output_mode": one_of("multi_hot", "one_hot", "count"),
    "score_mode": one_of("dot", "concat"),
    **dict.fromkeys(
        "approximate center go_backwards invert keepdims mask_zero normalize reset_after return_sequences return_state rms_scaling"
        " scale unit_forget_bias use_bias use_gate use_scale zero_output_for_mask".split(),
        flag,
    ),
}

#: What plays no part in a prediction: names, randomness, and what only a training asks for. It is not even looked at.
IGNORED = {
    *"name seed noise_shape rate dropout recurrent_dropout stddev momentum renorm_clipping renorm_momentum synchronized".split(),
    *"l1 l2 unroll autocast".split(),
}
IGNORED_ENDS = ("_regularizer", "_constraint")
#: What may only be off, because it makes another layer of it.
OFF = set("stateful renorm sparse ragged optional quantization_config lora_rank lora_alpha sliding_window".split())

WEIGHTED = "kernel_initializer bias_initializer use_bias activation"
CELL = f"units recurrent_initializer {WEIGHTED}"
SEQUENCE = "return_sequences return_state go_backwards zero_output_for_mask"
LSTM = f"{CELL} recurrent_activation unit_forget_bias"
GRU = f"{CELL} recurrent_activation reset_after"
WINDOWED = "strides padding data_format dilation_rate"
CONV = f"filters kernel_size groups {WINDOWED} {WEIGHTED}"
DEPTHWISE = f"kernel_size depth_multiplier depthwise_initializer bias_initializer use_bias activation {WINDOWED}"
SEPARABLE = f"filters pointwise_initializer {DEPTHWISE}"
POOL = "pool_size strides padding data_format:any"
SCALED = "beta_initializer gamma_initializer center scale epsilon"

#: layer -> the arguments it may have.
LAYERS: dict[str, tuple[Callable[..., Any], str]] = {
    "Activation": (keras.layers.Activation, "activation"),
    "ActivityRegularization": (keras.layers.ActivityRegularization, ""),
    "Add": (keras.layers.Add, ""),
    "AdditiveAttention": (keras.layers.AdditiveAttention, "use_scale"),
    "AlphaDropout": (functools.partial(keras.layers.AlphaDropout, 0.0), ""),
    "Attention": (keras.layers.Attention, "use_scale score_mode"),
    "Average": (keras.layers.Average, ""),
    "AveragePooling1D": (keras.layers.AveragePooling1D, POOL),
    "AveragePooling2D": (keras.layers.AveragePooling2D, POOL),
    "BatchNormalization": (
        keras.layers.BatchNormalization,
        f"{SCALED} axis moving_mean_initializer moving_variance_initializer",
    ),
    "CategoryEncoding": (keras.layers.CategoryEncoding, "num_tokens output_mode"),
    "Concatenate": (keras.layers.Concatenate, "axis"),
    "Conv1D": (keras.layers.Conv1D, CONV),
    "Conv1DTranspose": (
        keras.layers.Conv1DTranspose,
        f"filters kernel_size output_padding {WINDOWED} {WEIGHTED}",
    ),
    "Conv2D": (keras.layers.Conv2D, CONV),
    "Cropping1D": (keras.layers.Cropping1D, "cropping"),
    "Cropping2D": (keras.layers.Cropping2D, "cropping data_format"),
    "Dense": (keras.layers.Dense, f"units {WEIGHTED}"),
    "DepthwiseConv1D": (keras.layers.DepthwiseConv1D, DEPTHWISE),
    "DepthwiseConv2D": (keras.layers.DepthwiseConv2D, DEPTHWISE),
    "Dot": (keras.layers.Dot, "axes normalize"),
    "Dropout": (functools.partial(keras.layers.Dropout, 0.0), ""),
    "ELU": (keras.layers.ELU, "alpha"),
    "Embedding": (keras.layers.Embedding, "input_dim output_dim mask_zero embeddings_initializer"),
    "Flatten": (keras.layers.Flatten, "data_format:any"),
    "GRU": (keras.layers.GRU, f"{GRU} {SEQUENCE}"),
    "GaussianDropout": (functools.partial(keras.layers.GaussianDropout, 0.0), ""),
    "GaussianNoise": (functools.partial(keras.layers.GaussianNoise, 0.0), ""),
    "GlobalAveragePooling1D": (keras.layers.GlobalAveragePooling1D, "data_format:any keepdims"),
    "GlobalAveragePooling2D": (keras.layers.GlobalAveragePooling2D, "data_format:any keepdims"),
    "GlobalMaxPooling1D": (keras.layers.GlobalMaxPooling1D, "data_format:any keepdims"),
    "GlobalMaxPooling2D": (keras.layers.GlobalMaxPooling2D, "data_format:any keepdims"),
    "GroupNormalization": (keras.layers.GroupNormalization, f"{SCALED} groups axis"),
    "Identity": (keras.layers.Identity, ""),
    "LSTM": (keras.layers.LSTM, f"{LSTM} {SEQUENCE}"),
    "LayerNormalization": (keras.layers.LayerNormalization, f"{SCALED} axis rms_scaling"),
    "LeakyReLU": (keras.layers.LeakyReLU, "negative_slope"),
    "Masking": (keras.layers.Masking, "mask_value"),
    "MaxPooling1D": (keras.layers.MaxPooling1D, POOL),
    "MaxPooling2D": (keras.layers.MaxPooling2D, POOL),
    "Maximum": (keras.layers.Maximum, ""),
    "Minimum": (keras.layers.Minimum, ""),
    "MultiHeadAttention": (
        keras.layers.MultiHeadAttention,
        "num_heads key_dim value_dim use_bias output_shape attention_axes kernel_initializer bias_initializer use_gate",
    ),
    "Multiply": (keras.layers.Multiply, ""),
    "Normalization": (keras.layers.Normalization, "axis:any mean variance invert"),
    "PReLU": (keras.layers.PReLU, "alpha_initializer shared_axes"),
    "Permute": (keras.layers.Permute, "dims"),
    "RMSNormalization": (keras.layers.RMSNormalization, "axis epsilon"),
    "ReLU": (keras.layers.ReLU, "max_value negative_slope threshold"),
    "RepeatVector": (keras.layers.RepeatVector, "n"),
    "Rescaling": (keras.layers.Rescaling, "scale:number offset"),
    "Reshape": (keras.layers.Reshape, "target_shape"),
    "SeparableConv1D": (keras.layers.SeparableConv1D, SEPARABLE),
    "SeparableConv2D": (keras.layers.SeparableConv2D, SEPARABLE),
    "SimpleRNN": (keras.layers.SimpleRNN, f"{CELL} {SEQUENCE}"),
    "Softmax": (keras.layers.Softmax, "axis"),
    "SpatialDropout1D": (functools.partial(keras.layers.SpatialDropout1D, 0.0), ""),
    "SpatialDropout2D": (functools.partial(keras.layers.SpatialDropout2D, 0.0), "data_format:any"),
    "Subtract": (keras.layers.Subtract, ""),
    "UnitNormalization": (keras.layers.UnitNormalization, "axis"),
    "UpSampling1D": (keras.layers.UpSampling1D, "size"),
    "UpSampling2D": (keras.layers.UpSampling2D, "size data_format interpolation"),
    "ZeroPadding1D": (keras.layers.ZeroPadding1D, "padding:amounts data_format"),
    "ZeroPadding2D": (keras.layers.ZeroPadding2D, "padding:amounts data_format"),
}
CELLS: dict[str, tuple[Callable[..., Any], str]] = {
    "GRUCell": (keras.layers.GRUCell, GRU),
    "LSTMCell": (keras.layers.LSTMCell, LSTM),
    "SimpleRNNCell": (keras.layers.SimpleRNNCell, CELL),
}
RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN")
AS_ACTIVATION = ("ReLU", "LeakyReLU", "ELU", "Softmax")  # layers that are given as an activation
UNTRAINED = ("SpatialDropout1D", "SpatialDropout2D")  # take no `trainable`
MODULES = ("keras", "keras.models", "keras.src.models.sequential", "keras.src.models.functional")  # of models

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(keras.activations, name)
    for name in (
        "celu elu exponential gelu hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax"
        " softplus softsign swish tanh"
    ).split()
}

#: initialiser -> the numbers it may be given; used for a model that was never built, and so has no weights.
INITIALIZERS: dict[str, tuple[Callable[..., Any], dict[str, Callable[[Any], Any]]]] = {
    "Zeros": (keras.initializers.Zeros, {}),
    "Ones": (keras.initializers.Ones, {}),
    "Constant": (keras.initializers.Constant, {"value": number}),
    "GlorotNormal": (keras.initializers.GlorotNormal, {}),
    "GlorotUniform": (keras.initializers.GlorotUniform, {}),
    "HeNormal": (keras.initializers.HeNormal, {}),
    "HeUniform": (keras.initializers.HeUniform, {}),
    "LecunNormal": (keras.initializers.LecunNormal, {}),
    "LecunUniform": (keras.initializers.LecunUniform, {}),
    "Orthogonal": (keras.initializers.Orthogonal, {"gain": number}),
    "OrthogonalInitializer": (keras.initializers.Orthogonal, {"gain": number}),
    "RandomNormal": (keras.initializers.RandomNormal, {"mean": number, "stddev": number}),
    "RandomUniform": (keras.initializers.RandomUniform, {"minval": number, "maxval": number}),
    "TruncatedNormal": (keras.initializers.TruncatedNormal, {"mean": number, "stddev": number}),
}

ELEMENTWISE = (
    "abs absolute ceil cos erf exp expm1 fabs floor log log10 log1p log2 logical_not negative reciprocal round rsqrt"
)
ELEMENTWISE += (
    " sigmoid sign silu sin sqrt square tanh relu relu6 selu softplus softsign log_sigmoid hard_sigmoid hard_silu"
)
BINARY = "add subtract multiply divide true_divide floor_divide mod power maximum minimum greater greater_equal less less_equal"
BINARY += " equal not_equal logical_and logical_or logical_xor matmul dot"
REDUCED = "mean sum max min amax amin prod std var all any argmax argmin median logsumexp count_nonzero"

#: operation, as Keras names its class -> our callable, and the arguments that it may have beside tensors.
OPERATIONS: dict[str, tuple[Callable[..., Any], str]] = {
    name.title().replace("_", ""): (getattr(keras.ops, name), given)
    for names, given in (
        (ELEMENTWISE, ""),
        (BINARY, ""),
        (REDUCED, "axis:any keepdims initial"),
        ("concatenate stack", "axis"),
        ("expand_dims", "axis"),
        ("squeeze flip", "axis:any"),
        ("softmax log_softmax glu", "axis"),
        ("cumsum cumprod", "axis:any"),
        ("leaky_relu", "negative_slope"),
        ("elu celu", "alpha"),
        ("gelu", "approximate"),
        ("reshape", "newshape"),
        ("transpose", "axes:any"),
        ("swapaxes", "axis1 axis2"),
        ("clip", "x_min x_max"),
        ("cast convert_to_tensor", "dtype:any"),
        ("repeat", "repeats axis:any"),
        ("tile", "repeats"),
        ("roll", "shift axis:any"),
        ("normalize", "axis order epsilon:any"),
        ("one_hot", "num_classes axis dtype:any"),
        ("take", "axis:any"),
        ("where zeros_like ones_like ravel copy stop_gradient", ""),
    )
    for name in names.split()
}
OPERATIONS |= {
    "GetItem": (lambda x, key: x[key], ""),
    "ReLU": (keras.activations.relu, "negative_slope max_value threshold"),
}
BYTES = 4.0  # of a number
PRODUCTS = {"Matmul", "Dot"}
BEYOND_ROWS = {*"Attention AdditiveAttention MultiHeadAttention".split()}
EACH_ALONE = {
    *"Embedding BatchNormalization LayerNormalization GroupNormalization RMSNormalization Normalization PReLU".split()
}

#: What a layer may be called with beside its inputs.
CALLED_WITH = set(
    "initial_state mask training query value key attention_mask query_mask value_mask key_mask use_causal_mask"
    " return_attention_scores sequences inputs".split()
)
WORKED_ON = ("inputs", "sequences", "query")  # a layer has one of them
MASKS = ("mask", "query_mask", "value_mask", "key_mask")
OBJECT = {
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "compile_config",
    "name",
    "inbound_nodes",
}


class Budget:
    """How many weights may still be made."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, shape: Any) -> None:
        if any(not isinstance(size, int) or size < 0 for size in shape):
            raise Refused("a weight of no known shape")
        self.left -= math.prod(shape)
        if self.left < 0:
            raise Refused("it asks for more weights than it has")


class Budgeted(keras.initializers.Initializer):  # type: ignore[misc]
    """Zeros, or what another initialiser gives, for as many weights as there may be."""

    def __init__(self, budget: Budget, inner: Any = None) -> None:
        self.budget = budget
        self.inner = inner

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        self.budget.take(shape)
        return keras.ops.zeros(shape, dtype) if self.inner is None else self.inner(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:  # a layer that has several kernels copies the initialiser for each
        return {"budget": self.budget, "inner": self.inner}


class Bidirectional(keras.layers.Bidirectional):  # type: ignore[misc]
    """Keras' own, around two layers that are there; its constructor would write them down and read them again."""

    def __init__(self, forward: Any, backward: Any, merge_mode: str | None, **common: Any) -> None:
        keras.layers.Layer.__init__(self, **common)
        self.forward_layer, self.backward_layer = forward, backward
        self._verify_layer_config()
        for layer in (forward, backward):
            layer.zero_output_for_mask = layer.return_sequences
        self.merge_mode = merge_mode
        self.stateful = False
        self.return_sequences, self.return_state = forward.return_sequences, forward.return_state
        self.supports_masking = True
        self.input_spec = forward.input_spec


class Part:
    """A layer, a model or an operation, with what its calls count for.

    Attributes:
        names: class names as students know them, nested models opened.
        calls: of layers and operations, when this one is called once.
        graph: of a model, to follow a prediction through it.
        inner: the layers that a wrapper applies.
        stack: the parts of a stack that does not know its inputs yet.
    """

    def __init__(
        self,
        name: str,
        target: Any,
        names: list[str],
        calls: int = 1,
        graph: Graph | None = None,
        inner: Sequence[Part] = (),
    ) -> None:
        self.name = name
        self.target = target
        self.names = names
        self.calls = calls
        self.graph = graph
        self.inner = inner
        self.stack: list[Part] = []

    def cost(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], float, float]:
        """Symbolic results for symbolic arguments; about how many multiplications and bytes they take.

        Raises:
            Refused: nobody can tell.
        """
        self.ensure_fits(args, kwargs)
        taken = in_order(args, kwargs)
        if self.graph is not None:
            return self.graph.cost(taken)
        if self.name == "TimeDistributed":
            batch, times, *rest = taken[0].shape
            [made], work, size = self.inner[0].cost((keras.KerasTensor((batch * times, *rest), taken[0].dtype),), {})
            if times > MAX_TIMES or made.shape[0] != batch * times:
                raise Refused("too many times, or rows that are not its own")
            made = keras.KerasTensor((batch, times, *made.shape[1:]), made.dtype)
            return [made], work, size + BYTES * math.prod(made.shape)
        made = list(tensors(getattr(self.target, "compute_output_spec", self.target)(*args, **kwargs)))
        work, size = estimate(self, taken, made)
        for each in self.inner:
            _, more, room = each.cost((taken[0],), {})
            work, size = work + more, size + room
        return made, work, size

    def ensure_fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise Refused where a second tensor or an array could make the result larger than Keras says it is."""
        taken = in_order(args, kwargs)
        if self.name == "Rescaling":
            for each in (self.target.scale, self.target.offset):
                if np.ndim(each) and taken[0].shape[-1] != len(each):
                    raise Refused("not one number for each feature")
        if self.name in (*RECURRENT, "Bidirectional"):
            masks = list(tensors(kwargs.get("mask")))
            states = [each for each in taken[1:] if not any(each is mask for mask in masks)]
            if any(len(each.shape) != 2 or not same(each.shape[0], taken[0].shape[0]) for each in states):
                raise Refused("a state that is not one for each row")
        for name in MASKS:
            for mask in tensors(kwargs.get(name)):
                if not any(same_start(mask.shape, each.shape) for each in taken if each is not mask):
                    raise Refused("a mask of another shape")


def in_order(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The tensors among the arguments of a call, what a layer works on first."""
    return list(tensors((args, sorted(kwargs.items(), key=lambda item: item[0] not in WORKED_ON))))


def same(one: int | None, other: int | None) -> bool:
    """Whether two sizes are, or may be, the same."""
    return one is None or other is None or one == other


def same_start(short: Shape, long: Shape) -> bool:
    return len(short) <= len(long) and all(map(same, short, long))


class Graph:
    """What a model does, step by step, in the order in which it can be done.

    A tensor is known by its number; ``steps`` are (part, args, kwargs, numbers of its results), with a ``Tensor`` in the place of each.
    """

    def __init__(self) -> None:
        self.inputs: list[int] = []
        self.shapes: list[Shape] = []  # that the inputs were declared with
        self.outputs: list[int] = []
        self.steps: list[tuple[Part, tuple[Any, ...], dict[str, Any], list[int]]] = []

    def cost(self, given: list[Any]) -> tuple[list[Any], float, float]:
        """As of a part.

        Raises:
            ValueError: there are more inputs or fewer, or one of another rank.
        """
        if len(given) != len(self.inputs):
            raise ValueError(f"Expected {len(self.inputs)} input(s), but received {len(given)}.")
        known = {
            number: in_rank_of(shape, each) for number, shape, each in zip(self.inputs, self.shapes, given, strict=True)
        }
        work = size = BYTES * sum(math.prod(each.shape) for each in given)
        for part, args, kwargs, results in self.steps:
            made, more, room = part.cost(fill(args, known), fill(kwargs, known))
            work, size = work + more, size + room
            known |= dict(zip(results, made, strict=True))
        return [known[number] for number in self.outputs], work, size


def in_rank_of(shape: Shape, given: Any) -> Any:
    """What a model sees of an input: Keras adds a last axis of one, or leaves it out, where that gives the rank it was declared with.

    Raises:
        ValueError: it has another rank all the same.
    """
    have = tuple(given.shape)
    if len(have) == len(shape) + 1 and have[-1] == 1:
        have = have[:-1]
    elif len(have) == len(shape) - 1 and shape[-1] == 1:
        have = (*have, 1)
    if len(have) != len(shape):
        raise ValueError(f"Expected an input of shape {shape}, but received one of shape {tuple(given.shape)}.")
    return keras.KerasTensor(have, given.dtype)


class Tensor:
    """Stands for a tensor in the arguments of a step."""

    def __init__(self, number: int) -> None:
        self.number = number


def fill(value: Any, known: dict[int, Any]) -> Any:
    """Arguments with the tensors that are known in their places."""
    if isinstance(value, Tensor):
        return known[value.number]
    if isinstance(value, (list, tuple)):
        return type(value)(fill(part, known) for part in value)
    if isinstance(value, dict):
        return {name: fill(part, known) for name, part in value.items()}
    return value


def tensors(value: Any) -> Iterator[Any]:
    """The symbolic tensors in arguments or results."""
    if isinstance(value, keras.KerasTensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors(part)


def estimate(part: Part, taken: list[Any], made: list[Any]) -> tuple[float, float]:
    """About how many multiplications and bytes a step takes, given the shapes of what goes in and comes out."""
    shapes_in, shapes_out = [tuple(t.shape) for t in taken], [tuple(t.shape) for t in made]
    if any(size is None for shape in (*shapes_in, *shapes_out) for size in shape):
        raise Refused("a tensor of no known shape")
    numbers = float(sum(map(math.prod, (*shapes_in, *shapes_out))))
    heads = getattr(part.target, "num_heads", 1)
    weights = [tuple(weight.shape) for weight in getattr(part.target, "weights", ())]
    work = room = numbers
    if weights and part.name not in EACH_ALONE:
        places = max((math.prod(shape[:-1]) for shape in (*shapes_in, *shapes_out)), default=1)
        work += float(places) * sum(map(math.prod, weights))
        room += float(places) * heads * max((shape[-1] for shape in weights if shape), default=1)
    if "Pooling" in part.name and hasattr(part.target, "pool_size"):
        window = part.target.pool_size
        work += float(sum(map(math.prod, shapes_out))) * math.prod(window if isinstance(window, tuple) else (window,))
    if part.name in PRODUCTS:
        work += float(sum(map(math.prod, shapes_out))) * max((max(shape, default=1) for shape in shapes_in), default=1)
    if part.name in BEYOND_ROWS and shapes_in:
        rows, columns = math.prod(shapes_in[0][:-1]), max(math.prod(shape[1:-1]) for shape in shapes_in)
        wide = max(shape[-1] for shape in shapes_in if shape)
        work += float(rows) * columns * max(wide, heads)
        room += float(rows) * columns * (heads if part.name == "MultiHeadAttention" else wide) + heads * numbers
    if part.name.startswith("SeparableConv"):  # the first of its two steps
        places = max(math.prod(shape[:-1]) for shape in (*shapes_in, *shapes_out))
        room += float(places) * shapes_in[0][-1] * part.target.depth_multiplier
    if part.name == "CategoryEncoding":  # every index is written out before they are brought together
        room += float(math.prod(shapes_in[0])) * part.target.num_tokens
    return work, BYTES * room


class Builder:
    """Makes one model of a config.

    Args:
        budget: of weights.
        fresh: whether the model was never built; then its initialisers count, and otherwise they do not.
    """

    def __init__(self, budget: Budget, fresh: bool) -> None:
        self.budget = budget
        self.fresh = fresh
        self.layers = self.calls = self.tensors = self.nodes = 0

    # -- layers

    def layer(self, node: Any, depth: int = 0) -> Part:
        """The layer, the model or the operation that an object in a config stands for."""
        name, module, config = self.opened(node, depth)
        if name in ("Sequential", "Functional") and module in MODULES:
            return self.sequential(config, depth) if name == "Sequential" else self.functional(config, depth)
        if module.startswith(("keras.src.ops.", "keras.src.activations.")):
            return self.operation(name, config)
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        self.count_layer()
        if name == "Bidirectional":
            return self.bidirectional(config, depth)
        if name == "TimeDistributed":
            inner = self.layer(self.taken_from(config, "layer"), depth + 1)
            if inner.name == name or inner.stack or not isinstance(inner.target, keras.layers.Layer):
                raise Refused("not a layer to apply at every time")
            target = keras.layers.TimeDistributed(inner.target, **self.common(config, {"layer"}))
            return Part(name, target, [f"{name}({inner.name})"], 1 + inner.calls, inner=[inner])
        if name == "RNN":
            given = self.arguments(config, SEQUENCE, {"cell"})
            return Part(name, keras.layers.RNN(self.cell(config.get("cell"), depth + 1), **given), [name], 2)
        if name not in LAYERS:
            raise Refused("not a layer of the table")
        make, allowed = LAYERS[name]
        given = self.arguments(config, allowed)
        if name in UNTRAINED:
            given.pop("trainable", None)
        return Part(name, make(**given), [name])

    def bidirectional(self, config: dict[str, Any], depth: int) -> Part:
        common = self.common(config, {"layer", "backward_layer", "merge_mode"})
        forward = self.layer(self.taken_from(config, "layer"), depth + 1)
        backward = self.layer(self.taken_from(config, "backward_layer"), depth + 1)
        if not {forward.name, backward.name} <= set(RECURRENT):
            raise Refused("not a recurrent layer")
        merge = KINDS["merge_mode"](config.get("merge_mode", "concat"))
        target = Bidirectional(forward.target, backward.target, merge, **common)
        calls = 1 + forward.calls + backward.calls
        return Part("Bidirectional", target, [f"Bidirectional({forward.name})"], calls, inner=[forward, backward])

    def cell(self, node: Any, depth: int) -> Any:
        name, module, config = self.opened(node, depth)
        self.count_layer()
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        if name == "StackedRNNCells":
            cells = config.get("cells")
            if not isinstance(cells, list) or not 1 <= len(cells) <= MAX_DEPTH:
                raise Refused("no list of cells")
            made = [self.cell(each, depth + 1) for each in cells]
            return keras.layers.StackedRNNCells(made, **self.common(config, {"cells"}))
        if name not in CELLS:
            raise Refused("not a cell of the table")
        make, allowed = CELLS[name]
        return make(**self.arguments(config, allowed))

    def operation(self, name: str, config: dict[str, Any]) -> Part:
        if name not in OPERATIONS:
            raise Refused("not an operation of the table")
        function, allowed = OPERATIONS[name]
        given = self.arguments(config, allowed, common=False)
        return Part(name, functools.partial(function, **given), [])

    def opened(self, node: Any, depth: int) -> tuple[str, str, dict[str, Any]]:
        """(class name, module, config) of an object in a config."""
        if depth > MAX_DEPTH or not isinstance(node, dict) or not set(node) <= OBJECT:
            raise Refused("no object, or too deep")
        name, module, config = node.get("class_name"), node.get("module"), node.get("config")
        if not isinstance(name, str) or not isinstance(module, str) or not isinstance(config, dict):
            raise Refused("no object")
        if node.get("registered_name") not in (None, name):
            raise Refused("a class that somebody registered")
        return name, module, config

    @staticmethod
    def taken_from(config: dict[str, Any], name: str) -> Any:
        if name not in config:
            raise Refused(f"no {name}")
        return config[name]

    def count_layer(self) -> None:
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise Refused("too many layers")

    def arguments(
        self, config: dict[str, Any], allowed: str, handled: Set[str] = frozenset(), common: bool = True
    ) -> dict[str, Any]:
        """The arguments in a config, each read by its kind."""
        kinds = {word.partition(":")[0]: word for word in allowed.split()}
        made = self.common(config, {*kinds, *handled}) if common else {}
        if not common:
            self.nothing_else(config, {*kinds, *handled})
        for name, word in kinds.items():
            if name in config or name.endswith("_initializer"):  # never Keras' own default: it knows no budget
                made[name] = self.value(word, config.get(name))
        return made

    def value(self, word: str, given: Any) -> Any:
        if word.endswith("activation"):
            return self.activation(given)
        if word.endswith("_initializer"):
            return Budgeted(self.budget, self.initializer(given) if self.fresh and given is not None else None)
        return KINDS[word](given)

    def common(self, config: dict[str, Any], handled: set[str]) -> dict[str, Any]:
        """What every layer may have."""
        self.nothing_else(config, {*handled, "trainable", "dtype"})
        kinds = {"trainable": flag, "dtype": precision}
        return {name: kind(config[name]) for name, kind in kinds.items() if config.get(name) is not None}

    @staticmethod
    def nothing_else(config: dict[str, Any], known: set[str]) -> None:
        for name, value in config.items():
            if name in known or name in IGNORED or name.endswith(IGNORED_ENDS):
                continue
            if name not in OFF or not (value is None or value is False):
                raise Refused("an argument that is in no table")

    def activation(self, given: Any) -> Any:
        if given is None or (isinstance(given, str) and given in ACTIVATIONS):
            return None if given is None else ACTIVATIONS[given]
        if isinstance(given, dict) and given.get("class_name") in AS_ACTIVATION:
            return self.layer(given, MAX_DEPTH).target
        raise Refused("not an activation of the table")

    def initializer(self, given: Any) -> Any:
        if isinstance(given, str):
            given = {"class_name": given.title().replace("_", ""), "config": {}}
        if not isinstance(given, dict) or given.get("module", "keras.initializers") != "keras.initializers":
            raise Refused("not an initialiser of Keras' own")
        name, config = given.get("class_name"), given.get("config")
        if not isinstance(name, str) or name not in INITIALIZERS or not isinstance(config, dict):
            raise Refused("not an initialiser of the table")
        make, kinds = INITIALIZERS[name]
        if not set(config) <= {*kinds, "seed", "input_axes", "output_axes"}:
            raise Refused("an argument that is in no table")
        return make(**{argument: kind(config[argument]) for argument, kind in kinds.items() if argument in config})

    # -- models

    def sequential(self, config: dict[str, Any], depth: int, shape: Shape | None = None) -> Part:
        """A stack of layers, for inputs of ``shape`` where it says nothing of them."""
        if not set(config) <= {"name", "trainable", "dtype", "layers", "build_input_shape"}:
            raise Refused("an argument that is in no table")
        nodes = self.listed(config.get("layers"), MAX_LAYERS + 1)
        given = None
        if nodes and isinstance(nodes[0], dict) and nodes[0].get("class_name") == "InputLayer":
            given, nodes = self.input(nodes[0], depth + 1), nodes[1:]
        parts = [self.layer(node, depth + 1) for node in nodes]
        if not parts or any(not isinstance(part.target, keras.layers.Layer) for part in parts):
            raise Refused("no layers, or an operation among them")
        names = [name for part in parts for name in part.names]
        layers = [part.target for part in parts]
        if given is None and shape is not None:
            given = keras.Input(batch_shape=shape, dtype=layers[0].compute_dtype)
        graph = None if given is None else self.chain(parts, given)
        first = [] if given is None else [given._keras_history.operation]
        stack = Part("Sequential", keras.Sequential([*first, *layers]), names, sum(part.calls for part in parts), graph)
        stack.stack = [] if graph is not None else parts
        return stack

    def chain(self, parts: list[Part], given: Any) -> Graph:
        """The graph of parts that are called one after the other."""
        graph, known = Graph(), dict[int, Any]()
        graph.inputs = graph.outputs = [self.keep(given, known)]
        graph.shapes = [tuple(given.shape)]
        for part in parts:
            graph.outputs = self.call(part, (Tensor(graph.outputs[0]),), {}, graph, known)
            if len(graph.outputs) != 1:
                raise Refused("a layer of several outputs in a stack")
        return graph

    def functional(self, config: dict[str, Any], depth: int) -> Part:
        if not set(config) <= {"name", "trainable", "dtype", "layers", "input_layers", "output_layers"}:
            raise Refused("an argument that is in no table")
        graph, known = Graph(), dict[int, Any]()
        made: dict[str, list[list[int]]] = {}  # name -> for each call the numbers of its results
        waiting: list[tuple[str, Part, Any]] = []
        parts: list[Part] = []
        for node in self.listed(config.get("layers"), MAX_NODES):
            name, calls = (node.get("name"), node.get("inbound_nodes")) if isinstance(node, dict) else (None, None)
            if not isinstance(name, str) or name in made or not isinstance(calls, list):
                raise Refused("no node, or two of one name")
            made[name] = []
            if node.get("class_name") == "InputLayer":
                made[name].append([self.keep(self.input(node, depth + 1), known)])
                continue
            part = self.layer(node, depth + 1)
            parts.append(part)
            self.nodes += len(calls)
            if self.nodes > MAX_NODES:
                raise Refused("too many nodes")
            waiting += [(name, part, call) for call in calls]
        while waiting:
            still, blocked = [], set()
            for name, part, call in waiting:
                found = None if name in blocked else self.wired(call, made, part.name)
                if found is None:  # something that it needs is not there yet; calls of a layer keep their order
                    blocked.add(name)
                    still.append((name, part, call))
                else:
                    made[name].append(self.call(part, *found, graph, known))
            if len(still) == len(waiting):
                raise Refused("a circle, or an edge from nowhere")
            waiting = still
        graph.inputs = [number for number, _ in self.ends(config.get("input_layers"), made)]
        ends = self.ends(config.get("output_layers"), made)
        graph.outputs = [number for number, _ in ends]
        one_in = single(config["input_layers"])
        inputs, outputs = ([known[number] for number in numbers] for numbers in (graph.inputs, graph.outputs))
        graph.shapes = [tuple(each.shape) for each in inputs]
        model = keras.Model(inputs[0] if one_in else inputs, outputs[0] if single(config["output_layers"]) else outputs)
        if config.get("trainable") is False:
            model.trainable = False
        return Part("Functional", model, self.order(model, parts), sum(step[0].calls for step in graph.steps), graph)

    @staticmethod
    def order(model: Any, parts: list[Part]) -> list[str]:
        """Names of its layers in the model's own order."""
        names = {id(part.target): part.names for part in parts}
        return [name for layer in model.layers for name in names.get(id(layer), [])]

    @staticmethod
    def listed(value: Any, most: int) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise Refused("no list, or a long one")
        return value

    def input(self, node: Any, depth: int) -> Any:
        _, module, config = self.opened(node, depth)
        if module != "keras.layers" or not set(config) <= {
            *"batch_shape shape dtype name sparse ragged optional".split()
        }:
            raise Refused("no input of Keras' own")
        self.nothing_else(config, {"batch_shape", "shape", "dtype"})
        shape = several(optional(integer(1)))(config.get("batch_shape"))
        return keras.Input(batch_shape=shape, dtype=precision(config.get("dtype") or "float32"))

    def keep(self, tensor: Any, known: dict[int, Any]) -> int:
        """The number of a tensor, which may not be too large."""
        if len(tensor.shape) > MAX_DIMENSIONS or math.prod(size or 1 for size in tensor.shape[1:]) > MAX_ROW:
            raise Refused("too large a tensor")
        self.tensors += 1
        known[self.tensors] = tensor
        return self.tensors

    def call(
        self, part: Part, args: tuple[Any, ...], kwargs: dict[str, Any], graph: Graph, known: dict[int, Any]
    ) -> list[int]:
        """Apply a part to symbolic tensors; the numbers of its results."""
        self.calls += part.calls
        if self.calls > MAX_CALLS:
            raise Refused("too many calls")
        if part.stack and part.graph is None:
            [first, *_] = tensors(fill(args, known))
            part.graph = self.chain(part.stack, keras.Input(batch_shape=first.shape, dtype=first.dtype))
        if next(tensors(fill((args, kwargs), known)), None) is None:
            raise Refused("a call without a tensor, which would be computed at once")
        part.ensure_fits(fill(args, known), fill(kwargs, known))
        results = [self.keep(each, known) for each in tensors(part.target(*fill(args, known), **fill(kwargs, known)))]
        if not results:
            raise Refused("no tensor comes of it")
        graph.steps.append((part, args, kwargs, results))
        return results

    def wired(
        self, call: Any, made: dict[str, list[list[int]]], name: str
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """(args, kwargs) of a call in a config; None while a tensor among them is not there yet.

        Args:
            name: of what is called.
        """
        if not isinstance(call, dict) or set(call) != {"args", "kwargs"} or not isinstance(call["kwargs"], dict):
            raise Refused("no call")
        if not set(call["kwargs"]) <= CALLED_WITH or call["kwargs"].get("training") not in (None, False):
            raise Refused("an argument that is in no table")
        try:
            given = self.listed(call["args"], MAX_DIMENSIONS)
            if name == "GetItem" and len(given) == 2:
                return (self.argument(given[0], made), self.key(given[1])), {}
            args = tuple(self.argument(each, made) for each in given)
            return args, {str(argument): self.argument(each, made) for argument, each in call["kwargs"].items()}
        except _NotYet:
            return None

    def argument(self, value: Any, made: dict[str, list[list[int]]], depth: int = 0) -> Any:
        """A tensor, a plain number, or a list of tensors: one of numbers would be an array, of which shapes say nothing."""
        if value is None or (isinstance(value, bool) and not depth):
            return value
        if isinstance(value, (int, float)) and not depth:
            return number(value)
        if isinstance(value, list) and depth < 2 and len(value) <= MAX_LAYERS:
            return [self.argument(part, made, depth + 1) for part in value]
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            config = value.get("config")
            return Tensor(self.edge(config.get("keras_history") if isinstance(config, dict) else None, made))
        raise Refused("neither a tensor nor a number")

    def key(self, value: Any, depth: int = 0) -> Any:
        """What stands in brackets after a tensor."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return optional(integer(-MAX_SIZE))(value)
        if isinstance(value, list) and not depth and len(value) <= MAX_DIMENSIONS:
            return tuple(self.key(part, 1) for part in value)
        if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
            return Ellipsis
        if isinstance(value, dict) and value.get("class_name") == "__slice__" and isinstance(value.get("config"), dict):
            bound = optional(integer(-MAX_SIZE))
            return slice(*(bound(value["config"].get(end)) for end in ("start", "stop", "step")))
        raise Refused("no index")

    @staticmethod
    def edge(history: Any, made: dict[str, list[list[int]]]) -> int:
        """The number of the tensor that ``[name, call, output]`` names."""
        if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
            raise Refused("no edge")
        call, output = (integer(0, MAX_NODES)(each) for each in history[1:])
        if history[0] not in made:
            raise Refused("an edge from nowhere")
        if call >= len(made[history[0]]):
            raise _NotYet
        if output >= len(made[history[0]][call]):
            raise Refused("an edge from nowhere")
        return made[history[0]][call][output]

    def ends(self, given: Any, made: dict[str, list[list[int]]]) -> list[tuple[int, str]]:
        ends = [given] if single(given) else self.listed(given, MAX_LAYERS)
        try:
            return [(self.edge(each, made), str(each[0])) for each in ends]
        except _NotYet:
            raise Refused("an edge from nowhere") from None


class _NotYet(Exception):
    """A tensor that a call needs has not been made."""


def single(ends: Any) -> bool:
    """Whether the ends of a graph are one tensor, and not a list of them."""
    return isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str)


# ---- models, and what is asked of them


class Rebuilt:
    """A student's model.

    Attributes:
        keras: the model; every object in it is of our own making.
    """

    def __init__(self, text: str, weights: list[Array]) -> None:
        if len(text) > MAX_TEXT or sum(weight.size for weight in weights) > MAX_WEIGHTS:
            raise Refused("too large")
        try:
            self.node = json.loads(text)
        except (ValueError, RecursionError):
            raise Refused("not JSON") from None
        if any(weight.dtype.kind not in "biuf" for weight in weights):
            raise Refused("weights that are no numbers")
        fresh = not weights
        budget = Budget(MAX_UNBUILT if fresh else sum(weight.size for weight in weights))
        part = Builder(budget, fresh).layer(self.node)
        if part.name not in ("Sequential", "Functional"):
            raise Refused("no model")
        self.keras, self.graph, self.layers = part.target, part.graph, part.names
        self.allowed: set[Any] = set()
        if weights:
            self.set(weights)

    @property
    def built(self) -> bool:
        return bool(self.keras.built)

    def set(self, weights: list[Array]) -> None:
        """Give the model weights, in order."""
        if [tuple(weight.shape) for weight in self.keras.weights] != [weight.shape for weight in weights]:
            raise Refused("the model's weights do not have the shapes of its config")
        self.keras.set_weights(weights)
        for layer in self.keras._flatten_layers():
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()

    def facts(self) -> dict[str, Any]:
        """What is known of it without asking it anything."""
        trained = [id(weight) for weight in self.keras.trainable_weights]
        weights = self.keras.weights
        places = {id(weight): place for place, weight in enumerate(weights)}
        return {
            "built": self.built,
            "layers": self.layers,
            "input_shape": shape_of(self.keras, "input_shape"),
            "output_shape": shape_of(self.keras, "output_shape"),
            "names": [str(weight.name)[:40] for weight in weights],
            "shapes": [list(weight.shape) for weight in weights],
            "trainable": [places[each] for each in trained],
        }

    def predict(self, inputs: list[Array], several: bool) -> Any:
        """Outputs for a batch.

        Raises:
            Refused: they would cost too much.
        """
        rows = max((len(each) for each in inputs if each.ndim), default=1)
        whole = rows <= ONE_CALL and self.affordable(inputs, rows, rows)
        if not whole and not self.affordable(inputs, ONE_BATCH, rows):
            raise Refused("it would take too much time or memory")
        given = inputs if several else inputs[0]
        if whole:  # predict would trace the model first, which takes longer
            return keras.tree.map_structure(np.asarray, self.keras(given, training=False))
        return self.keras.predict(given, batch_size=ONE_BATCH, verbose=0)

    def affordable(self, inputs: list[Array], batch: int, rows: int) -> bool:
        """Whether a prediction in batches of this size stays within bounds; nothing is computed.

        Raises:
            Exception: the inputs do not fit the model, for the most part in Keras' own words.
        """
        shapes = tuple((batch, *each.shape[1:]) for each in inputs)
        if (shapes, rows) in self.allowed:
            return True
        try:
            graph = self.graph or self.shape_of_first(shapes)
            dtypes = self.input_dtypes(len(shapes))
            outputs, work, size = graph.cost([*map(keras.KerasTensor, shapes, dtypes)])
        except Refused:
            return False
        batches = -(-rows // batch)
        result = BYTES * batches * sum(math.prod(each.shape) for each in outputs)
        fine = work * batches <= MAX_WORK and max(size, result) <= MAX_BYTES
        if fine:
            self.allowed.add((shapes, rows))
        return fine

    def input_dtypes(self, number: int) -> list[str]:
        """One for each of so many inputs, as the model declares them."""
        declared = [str(each.dtype) for each in self.keras.inputs] if self.graph is not None else []
        return [*declared, *["float32"] * (number - len(declared))]

    def shape_of_first(self, shapes: tuple[Shape, ...]) -> Graph:
        """What a stack that was never built would do with inputs of these shapes: a copy is made for them and thrown away."""
        if len(shapes) != 1:
            raise Refused("several inputs for a stack")
        graph = Builder(Budget(MAX_UNBUILT), False).sequential(self.node["config"], 0, shapes[0]).graph
        assert graph is not None
        return graph


def shape_of(model: Any, name: str) -> Any:
    """A model's shape as lists; empty where there is none, or several."""
    try:
        shape = getattr(model, name)
    except (AttributeError, ValueError):
        return []
    plain = isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape)
    return list(shape) if plain else []


class Server:
    """Answers the judge."""

    def __init__(self) -> None:
        self.models: dict[int, Rebuilt] = {}

    def answer(self, request: dict[str, Any], parts: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """The reply to one request: a model to build, or a batch for one to predict."""
        out: list[bytes] = []
        if request["ask"] == "predict" and request["model"] not in self.models:
            return {"status": "gone"}, []
        try:
            value = self.build(request, parts) if request["ask"] == "build" else self.predict(request, parts)
            return {"status": "ok", "value": encode(value, out)}, out
        except Refused as error:
            return {"status": "refused", "text": str(error)[:500]}, []
        except Exception as error:  # a model that cannot be put together, or that cannot take this batch
            return {"status": "error", "type": type(error).__name__[:100], "text": str(error)[:MAX_ERROR]}, []

    def build(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        weights = [np.asarray(decode(each, parts)) for each in request["weights"]]
        model = Rebuilt(request["config"], weights)
        self.models[request["model"]] = model
        while len(self.models) > MODELS:
            del self.models[next(iter(self.models))]  # the one that was built first
        return model.facts()

    def predict(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        model = self.models[request["model"]]
        inputs = [np.asarray(decode(each, parts)) for each in request["inputs"]]
        fresh = not model.built
        if fresh:
            keras.utils.set_random_seed(0)
        if fresh and request["weights"] is not None:
            model.predict(inputs, request["several"])  # makes the weights that these take the place of
        if request["weights"] is not None:
            model.set([np.asarray(decode(each, parts)) for each in request["weights"]])
        outputs = model.predict(inputs, request["several"])
        made = {"facts": model.facts(), "weights": model.keras.get_weights()} if fresh and model.built else None
        return {"outputs": outputs, "made": made}


def serve(given: dict[str, Any], sockets: list[int]) -> None:
    """Answer until the judge closes the stream."""
    server = Server()
    with socket.socket(fileno=sockets[0]) as stream:
        while True:
            try:
                request, parts = receive_frame(stream, REQUEST_BYTES)
            except (EOFError, WireError):
                return
            send_frame(stream, *server.answer(request, parts))
