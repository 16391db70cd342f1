"""Help for words that do not exist: misspellings, and the words of Keras, torch and others."""

from __future__ import annotations

import pytest

from archspec import ops
from archspec.frontend.compiler import analyse_text
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.schema import ArchSpec
from archspec.frontend.suggest import did_you_mean, nearest_word, operator_help
from archspec.frontend.topics import TOPICS
from archspec.frontend.train_schema import Split, TrainSpec
from archspec.frontend.vocabulary import (
    FIELD_ADVICE,
    FIELDS,
    OPERATOR_ADVICE,
    SECTIONS,
    WORDS,
    called_elsewhere,
)

BLOCKS = "blocks: {conv_bn: {params: {out: 8, kernel: 1}, layers: [relu]}}"

ALL_FIELDS = {field for name in ops.names() for field in ops.find(name).model_fields}


def helps(layer: str, more: str = BLOCKS) -> list[str]:
    """Returns the help lines of a spec with one faulty layer."""
    text = f"name: a\ninputs: {{image: [3, 8, 8]}}\n{more}\nlayers:\n  - {layer}\n"
    return [d.help for d in analyse_text(text, "a.yaml").diagnostics]


@pytest.mark.parametrize(
    ("layer", "help_"),
    [
        ("Dense: 10", "Keras calls it so; here it is `linear`"),
        ("Conv2D: {filters: 3}", "Keras calls it so; here it is `conv2d`"),
        ("MaxPooling2D", "Keras calls it so; here it is `max_pool2d`"),
        ("LeakyReLU", "Keras calls it so; here it is `leaky_relu`"),
        ("tf.keras.layers.Dense: 10", "Keras calls it so; here it is written `- linear: 3`"),
        ("BatchNorm2d", "torch calls it so; here it is `batch_norm`"),
        ("nn.ReLU", "torch calls it so; here it is written `- relu`"),
        ("torch.cat", "torch calls it so; here it is written `- concat: [a, b]`"),
        ("nn.Conv2d(3, 64, 3)",
         "torch calls it so; here it is written `- conv2d: {out_channels: 6, kernel_size: 5}`"),
        ("dense: 10", "here it is `linear`"),
        ("batchnorm", "here it is `batch_norm`"),
        ("MultiheadAttention: 8", "here it is `multi_head_attention`"),
        ("relu()", "write `- relu`"),
        ("conv_bn()", "write `- conv_bn`"),
        ("conv: 64", "here it is `conv2d`"),
        ("maxpool: 2", "here it is `max_pool2d`"),
        ("swish", "here it is `silu`"),
        ("skip", "here it is `residual`"),
        ("Activation: relu", "write the activation itself as a layer: `- relu`"),
        ("resnet", "write `- use: resnet` for the spec that ships with archspec"),
        ("mobile",
         "write `- use: {spec: nasnet, variant: mobile}` for the spec that ships with archspec"),
        ("convv2d: 3", "did you mean `conv2d`?"),
        ("conv_bnn: 3", "did you mean `conv_bn`?"),
        ("residul: [relu]", "did you mean `residual`?"),
        ("qqqq", "`archspec explain` lists the operators; the blocks are conv_bn"),
    ],
)  # fmt: skip
def test_an_operator_by_another_name(layer: str, help_: str) -> None:
    assert helps(layer) == [help_]


@pytest.mark.parametrize(
    ("layer", "help_"),
    [
        ("conv2d: {filters: 3, kernel_size: 3}", "Keras calls it so; here it is `out_channels`"),
        ("conv2d: {out_channels: 3, kernel_size: 3, strides: 2}",
         "Keras calls it so; here it is `stride`"),
        ("linear: {units: 3}", "Keras calls it so; here it is `out_features`"),
        ("lstm: {units: 3}", "Keras calls it so; here it is `hidden_size`"),
        ("concat: {axis: 1, a: [], b: []}", "Keras calls it so; here it is `dim`"),
        ("linear: {out_features: 3, kernel_initializer: he_normal}", "here it is `weight_init`"),
        ("linear: {out_features: 3, trainable: false}",
         "write `freeze: true` for `trainable: false`"),
        ("linear: {out_features: 3, kernel_regularizer: l2}",
         "write `weight_l1: 1e-4` or `weight_l2: 1e-4`"),
        ("linear: {out_features: 3, activation: relu}",
         "write the activation as a layer of its own, such as `- relu`"),
        ("linear: {out_features: 3, in_features: 8}", "leave it out: it follows from the input"),
        ("linear: {out_channels: 3}", "here it is `out_features`"),
        ("relu: {inputs: image}", "here it is `from`"),
        ("relu: {form: image}", "did you mean `from`?"),
        ("conv2d: {out_chanels: 3, kernel_size: 3}", "did you mean `out_channels`?"),
        ("conv_bn: {kernel_size: 3}", "did you mean `kernel`?"),
        ("conv_bn: {filters: 3}", "known parameters: input, kernel, out"),
        ("residual: {layers: [relu]}", "here it is `body`"),
        ("residual: {body: [relu], skip: []}", "here it is `shortcut`"),
        ("conv2d: {out_channels: n, kernel_size: 3}", "if `n` is a parameter, write `=n`"),
        ("linear: {out_features: 2 * n}", "a formula begins with `=`: `=2 * n`"),
        ("linear: {out_features: in.channels}", "a formula begins with `=`: `=in.channels`"),
        ("linear: {out_features: base.yaml}", "out_features: number of units"),
        ("linear: {out_features: lib/base.yaml}", "out_features: number of units"),
        ("conv2d: {out_channels: 3, kernel_size: 3, padding: smae}",
         f"padding: {ops.find('conv2d').model_fields['padding'].description}"),
        ("use: {spec: resnet, include_top: false}", FIELD_ADVICE["include_top"]),
        ("use: {spec: resnet, weights: imagenet}", FIELD_ADVICE["weights"]),
        ("relu: {from: -1}", "give the layer that is meant a `name:`, and write that"),
    ],
)  # fmt: skip
def test_a_field_by_another_name(layer: str, help_: str) -> None:
    assert help_ in helps(layer)


@pytest.mark.parametrize(
    ("section", "help_"),
    [
        ("input: {image: [3]}", "did you mean `inputs`?"),
        ("network: []", "here it is `layers`"),
        ("imports: [a.yaml]", "here it is `include`"),
        ("macs: 3", "it is a key of `expect`"),
        ("epochs: 3", "it is a key of `train`"),
        ("train: {data: {dataset: iris}, epochs: 3, lr: 0.1}",
         "it is a key of `train.optimizer.adam`"),
        ("train: {data: {dataset: iris}, epochs: 3, learning_rate: 0.1}",
         "here it is `lr`, a key of `train.optimizer.adam`"),
        ("train: {data: {dataset: iris}, epochs: 3, validation_split: 0.1}",
         "here it is `validation`, a key of `train.data.split`"),
        ("train: {data: {dataset: iris, validation: 0.1}, epochs: 3}",
         "it is a key of `train.data.split`"),
    ],
)  # fmt: skip
def test_a_section_s_key_by_another_name(section: str, help_: str) -> None:
    assert helps("relu", section) == [help_]


def test_defaults_know_the_words_too() -> None:
    assert helps("relu", "defaults: {Dense: {bias: false}}") == [
        "Keras calls it so; here it is `linear`"
    ]
    assert helps("relu", "defaults: {linear: {use_bias: false}}") == [
        "Keras calls it so; here it is `bias`"
    ]


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("convv2d", "conv2d"), ("conv2", "conv2d"), ("con1d", "conv1d"), ("Conv3", "conv3d"),
        ("maxpol2d", "max_pool2d"), ("max_pool", "max_pool2d"), ("batch_nrom", "batch_norm"),
        ("softmx", "softmax"), ("sigmod", "sigmoid"), ("liner", "linear"), ("flaten", "flatten"),
    ],
)  # fmt: skip
def test_of_near_names_the_right_one_is_meant(word: str, nearest: str) -> None:
    assert nearest_word(word, ops.names()) == nearest


def test_case_and_underscores_do_not_matter() -> None:
    assert did_you_mean("HeNormal", ["he_normal", "he_uniform"], what="fill") == (
        "did you mean `he_normal`?"
    )
    assert did_you_mean("height", ["H", "Height"], what="size") == "did you mean `Height`?"


def test_every_keras_name_of_an_operator_is_known() -> None:
    for name in ops.names():
        for keras in ops.find(name).keras_names:
            found = called_elsewhere(keras)
            if keras == "Activation":
                continue
            assert found is not None
            assert keras in ops.find(found.name).keras_names
            assert operator_help(keras, ()).startswith("Keras calls it so; here it is `")


@pytest.mark.parametrize(
    ("torch", "name"),
    [
        ("Linear", "linear"), ("Conv1d", "conv1d"), ("ConvTranspose2d", "conv_transpose2d"),
        ("BatchNorm1d", "batch_norm"), ("InstanceNorm3d", "instance_norm"), ("GELU", "gelu"),
        ("AdaptiveAvgPool2d", "adaptive_avg_pool2d"), ("mul", "multiply"),
        ("MaxPool2d", "max_pool2d"), ("Upsample", "upsample"), ("SiLU", "silu"), ("cat", "concat"),
        ("ZeroPad2d", "zero_pad2d"),
    ],
)  # fmt: skip
def test_torch_s_names_are_known(torch: str, name: str) -> None:
    found = called_elsewhere(f"nn.{torch}")
    assert found is not None
    assert found.name == name


def test_what_is_advised_exists() -> None:
    assert {*WORDS.values()} <= {*ops.names(), *CONSTRUCTS}
    keys = {*RESERVED, *(key for keys in CONSTRUCTS.values() for key in keys)}
    assert {field for fields in FIELDS.values() for field in fields} <= {*ALL_FIELDS, *keys}
    assert {key for keys in SECTIONS.values() for key in keys} <= {
        *ArchSpec.model_fields, *TrainSpec.model_fields, *Split.model_fields, "lr",
    }  # fmt: skip


def test_no_advice_hides_what_there_is() -> None:
    callable_ = {*ops.names(), *CONSTRUCTS}
    assert callable_.isdisjoint({*WORDS, *OPERATOR_ADVICE})
    assert {*RESERVED}.isdisjoint({*FIELDS, *FIELD_ADVICE})
    assert {*ArchSpec.model_fields}.isdisjoint(SECTIONS)
    assert {*TOPICS}.isdisjoint(WORDS)
