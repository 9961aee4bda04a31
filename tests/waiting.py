"""Waiting in tests for what happens beside them."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Wait for something that happens in another thread or process, and fail where it does not."""
    ends = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < ends, f"it did not come to pass in {patience_s:g} s"
        time.sleep(0.02)
