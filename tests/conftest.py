"""What several test files need: the built site, and a browser to read it with."""

from __future__ import annotations

import pytest
from site_browser import address, browser, visit
from site_build import Site, build_once, shared

__all__ = ["address", "browser", "site", "visit"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return build_once(shared(tmp_path_factory.getbasetemp()) / "built-site")
