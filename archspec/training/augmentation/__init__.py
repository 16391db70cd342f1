"""Augmentation: what is done at random to batches of training examples, and to no others.

Every image has its own parameters, drawn from torch's global generator. What is done is plain
arithmetic on whole batches, on the device where these are: the meanings of a spec's `augment` are
those of Keras's `ImageDataGenerator` and of the papers, which no library of batched
transformations has.
"""

from archspec.training.augmentation.augmentation import Augmentation, require_images

__all__ = ["Augmentation", "require_images"]
