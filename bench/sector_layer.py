"""Make a layer of sectors and points like a country's, always the same: what the index's benchmark runs on.

The sectors are the quadrangles of a shaken lattice. A border between two of them is one wiggly line of 24 edges
that both share vertex for vertex. Around towns the plane is drawn together, so that sectors there are small, as
statistical sectors are: sizes differ by more than a hundred. Some sectors own an enclave within another one.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["make_points", "make_sectors"]

Points = npt.NDArray[np.float64]

CORNER = (20_000.0, 20_000.0)  # of the layer, in the coordinates of Belgian Lambert 72
WIDTH, HEIGHT = 256_000.0, 120_000.0  # 30,720 km2: Belgium's area
DRAWN_TOGETHER = 0.15  # lengths at a town's centre, against the country's
SEED = 20_241_124


def towns(rng: np.random.Generator) -> tuple[Points, npt.NDArray[np.float64]]:
    """Place discs that do not touch: centres and radii in metres."""
    centres: list[Points] = []
    radii: list[float] = []
    for _ in range(4000):
        radius = float(rng.uniform(4_000.0, 14_000.0))
        centre = rng.uniform([radius, radius], [WIDTH - radius, HEIGHT - radius])
        if all(np.hypot(*(centre - c)) > radius + r for c, r in zip(centres, radii, strict=True)):
            centres.append(centre)
            radii.append(radius)
    return np.array(centres), np.array(radii)


def draw_together(points: Points, centres: Points, radii: npt.NDArray[np.float64]) -> Points:
    """Move points of a town's disc towards its centre, in order, and leave its rim where it is."""
    moved = points.copy()
    order = np.argsort(points[:, 0])
    ascending = points[order, 0]
    for centre, radius in zip(centres, radii, strict=True):
        near = order[slice(*np.searchsorted(ascending, [centre[0] - radius, centre[0] + radius]))]
        near = near[np.abs(points[near, 1] - centre[1]) < radius]
        offset = points[near] - centre
        share = np.hypot(offset[:, 0], offset[:, 1]) / radius
        inside = share < 1.0
        factor = DRAWN_TOGETHER + (1.0 - DRAWN_TOGETHER) * share[inside] ** 2
        moved[near[inside]] = centre + offset[inside] * factor[:, None]
    return moved


def wiggle(a: Points, b: Points, rng: np.random.Generator) -> Points:
    """Turn n straight lines into wiggly ones of 24 edges, by moving midpoints aside; shape (n, 25, 2)."""
    lines = np.stack([a, b], axis=1)
    for _ in range(3):
        step = lines[:, 1:] - lines[:, :-1]
        aside = np.stack([-step[..., 1], step[..., 0]], axis=-1)
        middle = lines[:, :-1] + step / 2.0 + aside * rng.uniform(-0.09, 0.09, (*step.shape[:2], 1))
        finer = np.empty((len(lines), 2 * lines.shape[1] - 1, 2))
        finer[:, ::2], finer[:, 1::2] = lines, middle
        lines = finer
    step = lines[:, 1:] - lines[:, :-1]
    length = np.hypot(step[..., 0], step[..., 1])[..., None]
    thirds = [lines[:, :-1] + step * t + rng.uniform(-0.04, 0.04, step.shape) * length for t in (1 / 3, 2 / 3)]
    finer = np.empty((len(lines), 25, 2))
    finer[:, ::3] = lines
    finer[:, 1::3], finer[:, 2::3] = thirds
    return finer


def lattice_shape(n: int) -> tuple[int, int]:
    """Give columns and rows of a lattice of n sectors that are about square."""
    rows = max(d for d in range(1, n + 1) if n % d == 0 and d <= np.sqrt(n * HEIGHT / WIDTH))
    return n // rows, rows


def make_sectors(n: int) -> gpd.GeoDataFrame:
    """Make n sectors that cover the whole rectangle without a gap or an overlap, in EPSG:31370."""
    rng = np.random.default_rng(SEED)
    columns, rows = lattice_shape(n)
    centres, radii = towns(rng)
    steps = np.array([WIDTH / columns, HEIGHT / rows])
    nodes = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    nodes[1:-1, 1:-1] += rng.uniform(-0.2, 0.2, (rows - 1, columns - 1, 2))
    nodes *= steps
    across = wiggle(nodes[:, :-1].reshape(-1, 2), nodes[:, 1:].reshape(-1, 2), rng)
    upward = wiggle(nodes[:-1].reshape(-1, 2), nodes[1:].reshape(-1, 2), rng)

    def place(points: Points) -> Points:
        return draw_together(points.reshape(-1, 2), centres, radii).reshape(points.shape) + CORNER

    across = place(across).reshape(rows + 1, columns, 25, 2)
    upward = place(upward).reshape(rows, columns + 1, 25, 2)
    rings = np.concatenate(
        [
            across[:-1, :, :-1],
            upward[:, 1:, :-1],
            across[1:, :, :0:-1],
            upward[:, :-1, ::-1],
        ],
        axis=2,
    ).reshape(n, 97, 2)
    shapes = shapely.polygons(rings)

    # Every fiftieth sector has an enclave that belongs to the sector two places on.
    middle = (nodes[:-1, :-1] + nodes[1:, 1:]).reshape(n, 2) / 2.0
    hosts = np.arange(0, n - 2, 50)
    angles = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=-1) * steps * 0.12
    enclaves = place(middle[hosts, None, :] + rim[None])
    shapes[hosts] = shapely.polygons(rings[hosts], enclaves[:, None])
    owners = hosts + 2
    parts = np.stack([shapes[owners], shapely.polygons(enclaves)], axis=1)
    shapes[owners] = shapely.multipolygons(parts)
    codes = np.array([f"S{number:06d}" for number in rng.permutation(n)])
    return gpd.GeoDataFrame({"sector_code": codes}, geometry=shapes, crs="EPSG:31370")


def make_points(n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Make n points: 80 % as dense as the sectors are, as addresses are, and 20 % uniform; in random order."""
    rng = np.random.default_rng(SEED)
    centres, radii = towns(rng)
    rng = np.random.default_rng(SEED + 1)
    points = rng.uniform(0.0, [WIDTH, HEIGHT], (n, 2))
    clustered = rng.random(n) < 0.8
    points[clustered] = draw_together(points[clustered], centres, radii)
    points += CORNER
    return points[:, 0].copy(), points[:, 1].copy()
