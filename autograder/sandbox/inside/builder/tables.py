"""The layers, cells, activations, initialisers and operations that may be built, each with the arguments that it may have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from .values import number

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
AS_ACTIVATION = ("ReLU", "LeakyReLU", "ELU", "Softmax")  # layers that may stand for an activation
UNTRAINED = ("SpatialDropout1D", "SpatialDropout2D")  # take no `trainable`
MODULES = (
    "keras",
    "keras.models",
    "keras.src.models.sequential",
    "keras.src.models.functional",
)  # that models come from

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(keras.activations, name)
    for name in (
        "celu elu exponential gelu hard_sigmoid hard_silu leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax"
        " softplus softsign swish tanh"
    ).split()
}

#: initialiser -> the numbers it may be given; used for a model that was never built and so has no weights.
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


class Bidirectional(keras.layers.Bidirectional):  # type: ignore[misc]
    """Keras' own wrapper around two existing layers; its constructor would serialise them and read them back."""

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
