"""Files that come with the program: the default codebook and the sample corpus."""

import sysconfig
from pathlib import Path

from corpus.errors import EvidenceError

CHECKOUT = Path(__file__).parent.parent
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "themis-coding"


def shipped(name: str) -> Path:
    """Path of a file or folder in the checkout, or where the wheel put it; EvidenceError where neither has it."""
    for place in (CHECKOUT, INSTALLED):
        if (place / name).exists():
            return place / name
    raise EvidenceError(f"{name} did not come with this installation: install themis-coding again")
