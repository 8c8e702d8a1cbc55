"""The nets that are trained.

The first reader's small residual CNN over one cell's ink, with where the ink stood beside it, and the second reader's
head over what PP-OCRv6 sees of it.
"""

import torch
from torch import Tensor, nn

from pipeline.recognition.alphabet import CLASSES
from pipeline.recognition.second import FRAMES, SEEN


class _Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Shapes (N, C, H, W) in and out."""
        return torch.relu(x + self.body(x))


def _widen(before: int, after: int, kernel: int) -> nn.Sequential:
    """Halves the picture and widens its channels."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class CellNet(nn.Module):
    """Logits over `pipeline.recognition.alphabet` for normalised cells.

    `forward(images uint8 (N, 40, 40), place float32 (N, 3)) -> float32 (N, CLASSES)`.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _widen(1, width, 5),
            _Residual(width),
            _widen(width, 2 * width, 3),
            _Residual(2 * width),
            _widen(2 * width, 4 * width, 3),
            _Residual(4 * width),
        )
        self.width = 4 * width * 25 + 3
        self.head = nn.Sequential(
            nn.Dropout(0.35),
            nn.Linear(self.width, 160),
            nn.ReLU(inplace=True),
            nn.Linear(160, CLASSES),
        )

    def forward(self, images: Tensor, place: Tensor) -> Tensor:
        """See the class."""
        return torch.as_tensor(self.head(self.seen(images, place)))

    def seen(self, images: Tensor, place: Tensor) -> Tensor:
        """What the convolutions see, and the place: (N, self.width)."""
        x = images.unsqueeze(1).to(torch.float32) * (1 / 255)
        return torch.cat([self.features(x).flatten(1), place], dim=1)


class SecondHead(nn.Module):
    """Logits (N, CLASSES) from what the second reader's model sees of cells, (N, FRAMES * SEEN)."""

    def __init__(self, width: int = 384) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(FRAMES * SEEN, affine=False)
        self.inner = nn.Linear(FRAMES * SEEN, width)
        self.outer = nn.Linear(width, CLASSES)
        self.few, self.many = nn.Dropout(0.1), nn.Dropout(0.35)

    def forward(self, seen: Tensor) -> Tensor:
        """See the class."""
        within = torch.relu(self.inner(self.few(self.norm(seen))))
        return torch.as_tensor(self.outer(self.many(within)))

    def layers(self) -> dict[str, Tensor]:
        """The two dense layers as the reader holds them, the norm folded into the first."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        if mean is None or variance is None:
            raise TypeError("the norm keeps no statistics")
        w1 = (self.inner.weight / torch.sqrt(variance + self.norm.eps)).detach()
        return {
            "w1": w1.T,
            "b1": (self.inner.bias - w1 @ mean).detach(),
            "w2": self.outer.weight.detach().T,
            "b2": self.outer.bias.detach(),
        }


class Pair(nn.Module):
    """Both readers' nets while they are trained: the first also learns to tell what the second sees.

    A net that has seen far more hands than there are strokes here hands on what it knows of shapes (Romero et al.,
    "FitNets", ICLR 2015); the layer that tells it is dropped afterwards.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells = CellNet()
        self.second = SecondHead()
        self.told = nn.Linear(self.cells.width, FRAMES * SEEN)

    def forward(self, images: Tensor, place: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the first reader, what it takes the second to see (in the norm's units), logits of the second."""
        own = self.cells.seen(images, place)
        return self.cells.head(own), self.told(own), self.second(seen)
