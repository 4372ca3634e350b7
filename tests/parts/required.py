"""What to do when a test cannot find its real part: fail in CI, skip aloud on a person's laptop."""

import os
import shutil
from typing import NoReturn

import pytest

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


def absent(part: str, package: str) -> NoReturn:
    """Give the test up because `part` is not on this machine; `package` is Debian's name for it."""
    reason = f"{part} is not installed: apt-get install {package}, or run `make test`"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """Return the full path of a program, or give the test up."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    return found or absent(name, package)
