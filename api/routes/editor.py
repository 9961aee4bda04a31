"""`/`: the map editor, as `npm run build` in web/ left it, under a policy that keeps it to its own origin."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from api.base_map import BaseMap
from api.sending import Packed, is_known

SOURCE_TREE = Path(__file__).resolve().parents[2] / "web" / "dist"
"""Where the build lies in a checkout."""
ASSETS = "assets"
"""Folder of files whose names hold a digest of what is in them."""

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:{base_map}",
        "font-src 'self'",
        "connect-src 'self'{base_map}",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: no inline code, and no request to another origin but that of a base map that is set."""
HEADERS: Final[Mapping[str, str]] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TYPES: Final = {".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
"""Media types that must not hang on the system's own table."""

NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Buurtwijzer</title></head>
<body>
<h1>The map editor is not built</h1>
<p>The API answers: see <a href="/openapi.json">/openapi.json</a>. To have the editor here, run
<code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>, or name a folder with the built files in
<code>BUURTWIJZER_SERVER_EDITOR_DIR</code>; then start the server again.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: Packed
    etag: str
    media_type: str
    headers: Mapping[str, str]

    @classmethod
    def read(cls, path: Path, folder: Path, policy: str) -> "_File":
        content = path.read_bytes()
        named_by_content = path.relative_to(folder).parts[0] == ASSETS
        guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        kept = "public, max-age=31536000, immutable" if named_by_content else "no-cache"
        headers = {**HEADERS, "Content-Security-Policy": policy, "ETag": etag, "Cache-Control": kept}
        return cls(Packed.of(content, level=9), etag, guessed, headers)

    def answer(self, request: Request) -> Response:
        if is_known(self.etag, request.headers.get("if-none-match")):
            return Response(status_code=304, headers=self.headers)
        return self.body.response(request.headers.get("accept-encoding", ""), self.media_type, self.headers)


def editor_router(directory: Path | None, base_map: BaseMap | None = None) -> APIRouter:
    """Build the routes: one for every file that is there now, which are kept in memory.

    Only what is there has a route, so that what is not stays the API's to refuse.

    Parameters
    ----------
    directory
        Folder of the built editor; None takes that of the source tree.
    base_map
        What the page may fetch from another origin.
    """
    router = APIRouter()
    folder = SOURCE_TREE if directory is None else directory
    policy = POLICY.format(base_map="" if base_map is None else f" {base_map.origin}")
    if not (folder / "index.html").is_file():
        router.add_route("/", _not_built, methods=["GET"], include_in_schema=False)
        return router
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            _add(router, "/" + path.relative_to(folder).as_posix(), _File.read(path, folder, policy))
    _add(router, "/", _File.read(folder / "index.html", folder, policy))
    return router


def _add(router: APIRouter, path: str, file: _File) -> None:
    async def show(request: Request) -> Response:
        return file.answer(request)

    router.add_route(path, show, methods=["GET"], include_in_schema=False)


async def _not_built(_request: Request) -> Response:
    return Response(
        NOT_BUILT,
        status_code=503,
        media_type="text/html",
        headers={**HEADERS, "Content-Security-Policy": POLICY.format(base_map=""), "Cache-Control": "no-store"},
    )
