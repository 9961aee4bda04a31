"""Behind a proxy that ends TLS links begin with https, where its word is taken."""

import httpx2
import pytest

from tests.api.conftest import Serve


@pytest.mark.parametrize(("proxies", "scheme"), [("127.0.0.0/8", "https"), ("*", "https"), ("10.9.9.9", "http")])
def test_links_begin_as_the_proxy_was_asked_where_its_word_is_taken(
    serve: Serve, admin: dict[str, str], proxies: str, scheme: str
) -> None:
    with serve(1, FORWARDED_ALLOW_IPS=proxies) as server:
        landing = httpx2.get(f"{server.url}/ogc", headers=admin | {"X-Forwarded-Proto": "https"}).json()
    assert {link["href"].partition(":")[0] for link in landing["links"]} == {scheme}
