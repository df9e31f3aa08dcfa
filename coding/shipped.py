"""Files that come with the program: the default codebook and the sample corpus."""

import sysconfig
from pathlib import Path

from corpus.errors import EvidenceError

CHECKOUT = Path(__file__).parent.parent
SHARE = Path("share") / "themis-coding"
INSTALLED = Path(sysconfig.get_path("data")) / SHARE


def shipped(name: str) -> Path:
    """Path of a file or folder in the checkout, or where the wheel put it; EvidenceError where neither has it."""
    checkout = (CHECKOUT / "pyproject.toml").is_file()  # beside an installed package lies anything
    user = Path(sysconfig.get_path("data", sysconfig.get_preferred_scheme("user"))) / SHARE
    for place in (CHECKOUT,) if checkout else (INSTALLED, user):
        if (place / name).exists():
            return place / name
    raise EvidenceError(f"{name} did not come with this installation: install themis-coding again")
