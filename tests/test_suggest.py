"""Help for words that do not exist: misspellings, and the words of Keras, torch and others."""

from __future__ import annotations

import pytest

from archspec import ops
from archspec.frontend.compiler import analyse_text
from archspec.frontend.layer import CONSTRUCTS, RESERVED
from archspec.frontend.schema import ArchSpec
from archspec.frontend.suggest import did_you_mean, nearest_word, operator_help
from archspec.frontend.topics import TOPICS
from archspec.frontend.vocabulary import (
    FIELD_ADVICE,
    FIELDS,
    OPERATOR_ADVICE,
    SECTION_ADVICE,
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
        ("Conv2D: {out_channels: 3, kernel_size: 3}", "Keras calls it so; here it is `conv2d`"),
        ("Conv2D: {filters: 3}",
         "Keras calls it so; here it is written `- conv2d: {out_channels: 3, kernel_size: …}`"),
        ("MaxPooling2D", "Keras calls it so; here it is `max_pool2d`"),
        ("LeakyReLU", "Keras calls it so; here it is `leaky_relu`"),
        ("tf.keras.layers.Dense: 10", "Keras calls it so; here it is written `- linear: 10`"),
        ("BatchNorm2d", "torch calls it so; here it is `batch_norm`"),
        ("nn.ReLU", "torch calls it so; here it is written `- relu`"),
        ("torch.cat", "torch calls it so; here it is written `- concat: [a, b]`"),
        ("nn.Conv2d(3, 64, 3)",
         "torch calls it so; here it is written `- conv2d: {out_channels: 64, kernel_size: 3}`"),
        ("nn.Conv2d: [3, 64, 3]",
         "torch calls it so; here it is written `- conv2d: {out_channels: 64, kernel_size: 3}`"),
        ("nn.Linear: {in_features: 64, out_features: 10}",
         "torch calls it so; here it is written `- linear: 10`"),
        ("nn.Linear(n, k)", "torch calls it so; here it is written `- linear: =k`"),
        ("nn.Linear(64, 2 * k)", "torch calls it so; here it is written `- linear: …`"),
        ("nn.LSTM(64, 128)", "here it is written `- lstm: 128`"),
        ("nn.AdaptiveAvgPool2d: [1, 1]",
         "torch calls it so; here it is written `- adaptive_avg_pool2d: [1, 1]`"),
        ("nn.BatchNorm2d(64)", "torch calls it so; here it is written `- batch_norm`"),
        ("Conv2D(32, (3, 3), padding='valid', activation='relu')",
         ("Keras calls it so; here it is written "
         "`- conv2d: {out_channels: 32, kernel_size: [3, 3], padding: valid}` "
         "and below it `- relu`")),
        ("Dropout(1.5)", "Keras calls it so; here it is written `- dropout`"),
        ("linear(10)", "write `- linear: 10`"),
        ("linear(64, 10)", "write `- linear: …`"),
        ("conv2d(32, 3)", "write `- conv2d: {out_channels: 32, kernel_size: 3}`"),
        ("conv2d(3, 64, 3)", "write `- conv2d: {out_channels: …, kernel_size: …}`"),
        ("conv2d(", "write `- conv2d: {out_channels: …, kernel_size: …}`"),
        ("conv_bn(64)", "write `- conv_bn: 64`"),
        ("F.max_pool2d(x, 2)", "write `- max_pool2d: 2`"),
        ("linear 10", "put a colon after the name: `- linear: 10`"),
        ("linear： 10", "`：` is not YAML's colon: write `- linear: 10`"),
        ("conv2d {out_channels: 16}",
         "put a colon and a space after `conv2d`: `- conv2d: {out_channels: …}`"),
        ("relu\n   - tanh", "indent `- tanh` like the layer above it, `- relu`"),
        ("완전연결: 10", "`archspec explain` lists the operators; the blocks are conv_bn"),
        ("dense: 10", "here it is `linear`"),
        ("batchnorm", "here it is `batch_norm`"),
        ("MultiheadAttention: 8", "here it is `multi_head_attention`"),
        ("relu()", "write `- relu`"),
        ("conv_bn()", "write `- conv_bn`"),
        ("conv: 64", "here it is `conv2d`"),
        ("maxpool: 2", "here it is `max_pool2d`"),
        ("swish", "here it is `silu`"),
        ("skip", "here it is `residual`"),
        ("Activation: softmax", "write the activation as a layer of its own: `- softmax`"),
        ("activation: LeakyReLU", "write the activation as a layer of its own: `- leaky_relu`"),
        ("Activation('tanh')", "write the activation as a layer of its own: `- tanh`"),
        ("activation: [3]", "write the activation as a layer of its own, such as `- relu`"),
        ("resnet", "write `- use: resnet` for the spec that ships with archspec"),
        ("resnet18",
         "write `- use: {spec: resnet, variant: resnet18}` for the spec that ships with archspec"),
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
         "write the activation as a layer of its own: `- relu`"),
        ("embedding: {input_length: 3}", "leave it out: it follows from the input"),
        ("linear: {out_features: 3, input_shape: 8}", "leave it out: it follows from the input"),
        ("linear: {out_features: $n}", "if `n` is a parameter, write `=n`"),
        ("linear: {out_features: 3, repeat: n}", "if `n` is a parameter, write `=n`"),
        ("linear: {out_features: 3, name: 층}",
         "use the letters a to z, digits and underscores, not starting with a digit"),
        ("linear: {out_features: 3, in_features: 8}", "leave it out: it follows from the input"),
        ("linear: {out_channels: 3}", "here it is `out_features`"),
        ("relu: {inputs: image}", "here it is `from`"),
        ("relu: {form: image}", "did you mean `from`?"),
        ("conv2d: {out_chanels: 3, kernel_size: 3}", "did you mean `out_channels`?"),
        ("conv_bn: {kernel_size: 3}", "did you mean `kernel`?"),
        ("conv_bn: {filters: 3}", ("known parameters: input, kernel, out; "
         "and those of every layer: name, from, repeat, first, …")),
        ("residual: {layers: [relu]}", "here it is `body`"),
        ("residual: {body: [relu], skip: []}", "here it is `shortcut`"),
        ("conv2d: {out_channels: n, kernel_size: 3}", "if `n` is a parameter, write `=n`"),
        ("linear: {out_features: 2 * n}", "a formula begins with `=`: `=2 * n`"),
        ("linear: {out_features: in.channels}", "a formula begins with `=`: `=in.channels`"),
        ("linear: {out_features: base.yaml}", "out_features: number of units"),
        ("linear: {out_features: lib/base.yaml}", "out_features: number of units"),
        ("conv2d: {out_channels: 3, kernel_size: 3, padding: smae}", "did you mean `same`?"),
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
        ("train: {data: {dataset: iris, random_state: 1}, epochs: 3}",
         "here it is `seed`, a key of `train.data.split`"),
        ("train: {data: {dataset: iris}, epochs: 3, optimizer: AdamW}", "here it is `adamw`"),
        ("train: {data: {folder: photos, save_to_dir: seen}, epochs: 3}",
         SECTION_ADVICE["save_to_dir"]),
    ],
)  # fmt: skip
def test_a_section_s_key_by_another_name(section: str, help_: str) -> None:
    assert helps("relu", section) == [help_]


@pytest.mark.parametrize(
    ("head", "code", "message", "help_"),
    [
        ("inputs:\nimage: [3]\n", "E101", "unknown key `image`",
         "indent `image:` below `inputs:` if it belongs there"),
        ("inputs: {x: [3]}\nlayers:\n-linear: 3\nrelu:\n", "E101", "unknown key `-linear`",
         "each layer begins with a hyphen and a space, below `layers:`: `- linear`"),
        ("inputs: {x: [3]}\nlayers:\n  -linear: 3\n", "E103",
         "`layers` must be a list, not `{-linear: 3}`",
         "each layer begins with a hyphen and a space: `- linear`"),
        ("inputs: {x: [3]}\nLayers: [relu]\n", "E101", "unknown key `Layers`",
         "did you mean `layers`?"),
        ("inputs: {x: [3]}\ndefaults: {linear: {biais: true}}\nlayers: [linear: 3]\n", "E101",
         "linear has no field `biais`", "did you mean `bias`?"),
        ("inputs: {x: [3]}\nparams: {act: relu}\nlayers: [act]\n", "E105",
         "there is no operator or block `act`",
         "to call what the parameter `act` says, write `- =act`"),
        ("inputs: {x: [3]}\nlayers: [add: x]\n", "E104", "add merges at least two paths",
         "write `add: {a: [...], b: [...]}` or `add: [name, name]`"),
        (("inputs: {x: [3]}\nblocks: {b: {parameters: {k: int}, layers: [relu]}}\n"
         "layers: [b: {k: 3}]\n"), "E101", "unknown key `blocks.b.parameters`",
         "did you mean `params`?"),
        (("inputs: {x: [3]}\nblocks: {b: {params: {k: Integer}, layers: [linear: =k]}}\n"
         "layers: [b: 3]\n"), "E103", "there is no type `Integer`",
         "did you mean `int`? The word itself, as a text, is `='Integer'`"),
        ("inputs: {x: [3]}\nblocks: {층: {layers: [relu]}}\nlayers: [층]\n", "E108",
         "`층` cannot be a name",
         "use the letters a to z, digits and underscores, not starting with a digit"),
    ],
)  # fmt: skip
def test_one_slip_is_one_fault(head: str, code: str, message: str, help_: str) -> None:
    layers = "" if "ayers:" in head.replace(", layers", "") else "layers: [relu]\n"
    found = analyse_text(f"name: a\n{head}{layers}", "a.yaml").diagnostics
    assert [(*d[:2], d.help) for d in found] == [(code, message, help_)]


def test_a_type_word_can_still_be_a_text() -> None:
    block = "blocks: {b: {params: {mode: ='number'}, layers: [relu: {when: =mode == 'number'}]}}"
    assert not helps("b", block)


@pytest.mark.parametrize(
    ("train", "message", "help_"),
    [
        ("loss: hinge", "there is no loss `hinge`",
         "known choices: binary_cross_entropy, cross_entropy, huber, mae, mse"),
        ("optimizer: Adam", "there is no optimizer `Adam`", "did you mean `adam`?"),
        ("optimizer: {adam: 0.001}", "`train.optimizer.adam` must be a mapping, not `0.001`",
         "write `adam: {lr: 0.001}`"),
        ("data: {dataset: wine, split: 0.2}", "`train.data.split` must be a mapping, not `0.2`",
         "write `split: {test: 0.2}`"),
        ("data: {dataset: irs}", ("`train.data.dataset` must be 'breast_cancer', 'digits', "
         "'iris', 'wine', 'mnist', 'fashion_mnist', 'cifar10' or 'cifar100', not `irs`"),
         "did you mean `iris`?"),
        ("data: {dataset: imagenet}", ("`train.data.dataset` must be 'breast_cancer', 'digits', "
         "'iris', 'wine', 'mnist', 'fashion_mnist', 'cifar10' or 'cifar100', not `imagenet`"),
         "for examples of your own write `folder`, `npz`, `npy`, `table` or `huggingface`"),
        ("data: {dataset: wine, preprocess: [flip: 1]}", "there is no step `flip`",
         "known choices: color_mode, normalize, rescale, resize, standardize, whiten"),
    ],
)  # fmt: skip
def test_a_value_of_the_train_section(train: str, message: str, help_: str) -> None:
    data = "" if train.startswith("data") else "  data: {dataset: wine}\n"
    section = f"train:\n  epochs: 3\n{data}  {train}"
    text = f"name: a\ninputs: {{x: [13]}}\nlayers: [linear: 3]\n{section}\n"
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert (fault.code, fault.message, fault.help) == ("E103", message, help_)


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
    assert did_you_mean("dog", ["cat"], what="class") == "known classes: cat"


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
        *ArchSpec.model_fields, *(word for topic in TOPICS.values() for word in topic.explained())
    }  # fmt: skip


def test_no_advice_hides_what_there_is() -> None:
    callable_ = {*ops.names(), *CONSTRUCTS}
    assert callable_.isdisjoint({*WORDS, *OPERATOR_ADVICE})
    assert {*RESERVED}.isdisjoint({*FIELDS, *FIELD_ADVICE})
    assert {*ArchSpec.model_fields}.isdisjoint(SECTIONS)
    explained = {word for topic in TOPICS.values() for word in topic.explained()}
    assert explained.isdisjoint(SECTION_ADVICE)
    assert {*TOPICS}.isdisjoint(WORDS)
