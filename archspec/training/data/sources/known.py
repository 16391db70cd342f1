"""The image sets that are known by name: their classes, their files, and where these come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Known(NamedTuple):
    """A data set in its standard files.

    Attributes:
        classes: The names of the classes.
        folders: What the directory of its files is called, where several sets lie together.
        files: Its files as they are downloaded, with their MD5 sums.
        address: The address that the names of the files are appended to.
        package: The Debian package that holds it, if there is one.
    """

    classes: tuple[str, ...]
    folders: tuple[str, ...]
    files: Mapping[str, str]
    address: str
    package: str = ""


KNOWN: Mapping[str, Known] = {
    "mnist": Known(
        tuple("0123456789"),
        ("MNIST/raw", "mnist", "MNIST"),
        {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    "fashion_mnist": Known(
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
         "Bag", "Ankle boot"),
        ("FashionMNIST/raw", "fashion-mnist", "fashion_mnist", "FashionMNIST"),
        {
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "dataset-fashion-mnist",
    ),
    "cifar10": Known(
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
         "truck"),
        ("cifar-10-batches-py", "cifar-10-batches-bin", "cifar10", "CIFAR10", ".",
         "cifar-10-batches-py-target/cifar-10-batches-py"),
        {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
        "https://www.cs.toronto.edu/~kriz/",
    ),
    "cifar100": Known(
        tuple("""
            apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
            butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach
            couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster
            house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
            motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear
            pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road
            rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
            sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip
            turtle wardrobe whale willow_tree wolf woman worm
        """.split()),  # noqa: SIM905 - a list of a hundred strings is a page
        ("cifar-100-python", "cifar-100-binary", "cifar100", "CIFAR100", ".",
         "cifar-100-python-target/cifar-100-python"),
        {"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
        "https://www.cs.toronto.edu/~kriz/",
    ),
}  # fmt: skip
"""The data sets by name. Addresses and sums are torchvision's."""
