"""The compact networks of Real-ESRGAN (https://arxiv.org/abs/2107.10833): a row of convolutions."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork


class Compact(UpscaleNetwork):
    """The compact network of Real-ESRGAN: convolutions at the small size, added to the enlarged picture.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of a compact network.
    """

    kind: ClassVar[str] = "compact Real-ESRGAN"

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        features, read = layout.shape("body.0.weight", 4)[:2]
        # Between two convolutions there is a PReLU, which has a weight for each channel.
        layout.shape("body.1.weight", 1)
        last = layout.count("body.") - 1
        self.scale = layout.factor(f"body.{last}.weight", 3)
        if read != 3:
            raise LayoutError(f"body.0 reads {read} channels, not three")
        layers: list[nn.Module] = [nn.Conv2d(read, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(last // 2 - 1):
            layers += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, nn.Conv2d(features, read * self.scale**2, 3, padding=1))

    @override
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1."""
        detail = functional.pixel_shuffle(self.body(x_BCHW), self.scale)
        return detail + functional.interpolate(x_BCHW, scale_factor=self.scale)
