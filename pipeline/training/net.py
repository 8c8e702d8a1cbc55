"""The first reader's net: a small residual CNN over one cell's ink, with where the ink stood beside it."""

import torch
from torch import Tensor, nn

from pipeline.recognition.alphabet import CLASSES


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
        self.head = nn.Sequential(
            nn.Dropout(0.35),
            nn.Linear(4 * width * 25 + 3, 160),
            nn.ReLU(inplace=True),
            nn.Linear(160, CLASSES),
        )

    def forward(self, images: Tensor, place: Tensor) -> Tensor:
        """See the class."""
        x = images.unsqueeze(1).to(torch.float32) * (1 / 255)
        return torch.as_tensor(self.head(torch.cat([self.features(x).flatten(1), place], dim=1)))
