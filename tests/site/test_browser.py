"""What a reader finds and does on the pages, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.site.conftest import Site
from tests.site.reader import Reader


@pytest.mark.parametrize("below", ["site", "project_site"])
def test_every_page_is_quiet(request: pytest.FixtureRequest, reader: Callable[..., Reader], below: str) -> None:
    """No request to another host, no error, warning or violation of the security policy: `reader` sees to it."""
    site: Site = request.getfixturevalue(below)
    someone = reader(site=site)
    page = someone.context.new_page()
    for path in site.pages:
        someone.open(path, page)
        assert page.title().strip(), path
