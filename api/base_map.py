"""The base map of somebody else that the editor may lay under its own: one address, and so one origin."""

import re
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ORIGIN: Final = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")
_TILE_PLACES: Final = ("{z}", "{x}", "{y}")


class BaseMap(BaseModel):
    """A base map.

    Attributes
    ----------
    kind
        `raster`: the URL is a template of tiles in spherical Mercator (EPSG:3857), `style`: that of a MapLibre style.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["raster", "style"]
    url: str = Field(description="Template of raster tiles with {z}, {x} and {y}, or address of a style document.")
    attribution: str = Field(description="Whose map it is, as its licence wants it shown.")

    @classmethod
    def of(cls, url: str, attribution: str) -> Self:
        """Read a base map from its settings.

        Raises
        ------
        ValueError
            The URL is not https (http on loopback alone), carries a user, has some of {z}, {x} and {y} and not all,
            or nobody is named.
        """
        origin = _ORIGIN.match(url)
        if origin is None or not url.isascii() or re.search(r"[\s\"'<>;,\\]", url) or "@" in urlsplit(url).netloc:
            raise ValueError("the base map is a URL that begins with https://, or with http:// on loopback")
        if origin[1] == "http" and origin[2] not in LOOPBACK:
            raise ValueError("a base map that is not on loopback has a URL that begins with https://")
        if not url[origin.end() :].startswith("/"):
            raise ValueError("the URL of the base map has no path after its host")
        if not attribution.strip():
            raise ValueError("a base map names its source: set its attribution too")
        found = re.findall(r"\{[^}]*\}?|\}", url)
        if not found:
            return cls(kind="style", url=url, attribution=attribution.strip())
        if sorted(found) != sorted(_TILE_PLACES):
            raise ValueError("a template of tiles has {z}, {x} and {y} once each, and no other braces")
        return cls(kind="raster", url=url, attribution=attribution.strip())

    @property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454): all that a page may ask beside its own origin."""
        return "/".join(self.url.split("/", 3)[:3])
