"""The cells of the demo region: dense in the middle of each town, large at its edge, every town in one piece.

A sector is one cell (rarely two apart, or one with an enclave in it). Addresses are placed per cell, inside a *frame*:
a convex shape known to lie within the cell.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from data.demo.mesh import WAVE_SHARE, Floats, Ints, Mesh, neighbours, seed_distances, voronoi

GOLDEN_ANGLE: Final = np.pi * (3 - np.sqrt(5))
_DENSITY_POWER = 0.85
"""Seed i of n lies at (i/n)^0.85 of the way from the centre to the edge: 0.5 would be an even density."""
_FRAME = 0.95 * (1 - WAVE_SHARE)
_ENCLAVE = 0.36
_BESIDE_ENCLAVE = 0.45


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that count, and the mesh that they are part of.

    Attributes
    ----------
    mesh
        Cells 0 to `count - 1` of it are the region's; higher numbers lie outside.
    count
        Number of cells.
    town
        Number of the municipality of each cell.
    rank
        How far out each cell lies in its town, from 0 (centre) to 1.
    host
        The cell around each cell, or -1: only enclaves have one.
    frame_origin, frame_scale
        Point q of a cell's straight border, moved to `frame_origin + frame_scale * q`, lies well inside the cell.
    clearance
        Distance in metres that a point of the frame may be moved in any direction and stay inside the cell.
    """

    mesh: Mesh
    count: int
    town: Ints
    rank: Floats
    host: Ints
    frame_origin: Floats
    frame_scale: Floats
    clearance: Floats


def town_seeds(centres: Floats, town: int, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Seeds of one town: a sunflower, squeezed towards the centre and stretched to the town's share of the land.

    Parameters
    ----------
    centres
        Centres of all towns, shape (n, 2), metres.
    town
        Which of them.
    count
        How many seeds.
    rng
        Source of the disorder.

    Returns
    -------
    seeds, rank
        Shapes (count, 2) and (count,), from the centre outwards.
    """
    rank = ((np.arange(count) + 0.5) / count) ** _DENSITY_POWER
    angle = np.arange(count) * GOLDEN_ANGLE + rng.uniform(0, 2 * np.pi)
    angle += rng.normal(0.0, 0.12, count) / np.sqrt(np.arange(count) + 1)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    towards = np.delete(centres, town, axis=0) - centres[town]
    ahead = direction @ towards.T
    with np.errstate(divide="ignore"):
        reach = np.where(ahead > 0, (towards**2).sum(axis=1) / (2 * ahead), np.inf).min(axis=1)
    radius = 0.93 * np.minimum(reach, 6_500.0) * rank
    return np.round(centres[town] + radius[:, None] * direction, 2), rank


def lay_cells(centres: Floats, counts: list[int], ghosts: Floats, enclaves: int, rng: np.random.Generator) -> Cells:
    """Lay the cells of all towns.

    Parameters
    ----------
    centres, ghosts
        Centres of the towns and of the towns around the region, metres.
    counts
        How many cells each town gets, enclaves not counted.
    enclaves
        How many cells lie inside another.
    rng
        Source of all that is random.
    """
    around = [int(np.clip(np.mean(counts), 8, 40))] * len(ghosts)
    everything = np.concatenate([centres, ghosts])
    laid = [town_seeds(everything, town, n, rng) for town, n in enumerate([*counts, *around])]
    seeds, rank = (np.concatenate(parts) for parts in zip(*laid, strict=True))
    town = np.repeat(np.arange(len(everything)), [*counts, *around])
    cells = sum(counts)
    mesh = voronoi(seeds)
    town = _in_one_piece(mesh, cells, town[:cells])
    hosts = _choose_hosts(mesh, town, enclaves)
    return _add_enclaves(mesh, cells, town, rank[:cells], hosts)


def _in_one_piece(mesh: Mesh, cells: int, town: Ints) -> Ints:
    """Give the parts of a town that are cut off from its centre to the towns around them."""
    pairs = neighbours(mesh, cells)
    piece = np.arange(cells)
    inner = pairs[town[pairs[:, 0]] == town[pairs[:, 1]]]
    while True:
        lower = piece.copy()
        np.minimum.at(lower, inner[:, 0], piece[inner[:, 1]])
        np.minimum.at(lower, inner[:, 1], piece[inner[:, 0]])
        if (lower == piece).all():
            break
        piece = lower
    # A town's cells are numbered from its centre outwards, so the piece of its centre bears its lowest number.
    _, first = np.unique(town, return_index=True)
    loose = piece != first[town]
    town = town.copy()
    while loose.any():
        crossing = pairs[loose[pairs[:, 0]] != loose[pairs[:, 1]]]
        if not len(crossing):
            raise RuntimeError("A part of the demo region touches no other: choose another seed.")
        taken = np.where(loose[crossing[:, 0]], crossing[:, 0], crossing[:, 1])
        town[taken] = town[np.where(loose[crossing[:, 0]], crossing[:, 1], crossing[:, 0])]
        loose[taken] = False
    return town


def _choose_hosts(mesh: Mesh, town: Ints, enclaves: int) -> Ints:
    """Choose the roomiest cell of each of so many towns, the roomiest of all first."""
    room = seed_distances(mesh, len(town))
    order = np.lexsort([-room, town])
    _, first = np.unique(town[order], return_index=True)
    best = order[first]
    return best[np.argsort(-room[best], kind="stable")][:enclaves]


def _add_enclaves(mesh: Mesh, cells: int, town: Ints, rank: Floats, hosts: Ints) -> Cells:
    """Put a small copy of each host's cell into one half of it, and keep the host's streets to the other half."""
    count = cells + len(hosts)
    origin = (1 - _FRAME) * mesh.seeds[:cells]
    scale = np.full(cells, _FRAME)
    clearance = 0.04 * seed_distances(mesh, cells)
    seeds, starts, ends, lefts, rights = [], [], [], [], []
    more_origin, more_scale, more_clearance = [], [], []
    for rank_of_host, host in enumerate(hosts):
        seed = mesh.seeds[host]
        around = np.flatnonzero((mesh.left == host) | (mesh.right == host))
        corners = np.concatenate([mesh.start[around], mesh.end[around]])
        shrunk = seed + _FRAME * (corners - seed)
        west, east = shrunk[np.argmin(shrunk[:, 0])], shrunk[np.argmax(shrunk[:, 0])]
        # Two homothets of the frame, towards its westernmost and easternmost corner, with ratios that add up to
        # less than 1, cannot meet. A wave makes the enclave larger by WAVE_SHARE at most.
        inner_scale = _ENCLAVE * _FRAME
        inner_origin = (1 - _ENCLAVE) * (east + 0.12 * (seed - east)) + _ENCLAVE * (1 - _FRAME) * seed
        enclave_seed = np.round(inner_origin + inner_scale * seed, 3)
        seeds.append(enclave_seed)
        starts.append(np.round(inner_origin + inner_scale * mesh.start[around], 3))
        ends.append(np.round(inner_origin + inner_scale * mesh.end[around], 3))
        lefts.append(np.full(len(around), cells + rank_of_host))
        rights.append(np.full(len(around), host))
        more_origin.append((1 - _FRAME) * enclave_seed)
        more_scale.append(_FRAME)
        more_clearance.append(clearance[host] * inner_scale)
        origin[host] = (1 - _BESIDE_ENCLAVE) * west + _BESIDE_ENCLAVE * origin[host]
        scale[host] *= _BESIDE_ENCLAVE
        clearance[host] *= _BESIDE_ENCLAVE

    def shifted(side: Ints) -> Ints:
        return np.where(side >= cells, side + len(hosts), side)

    whole = replace(
        mesh,
        seeds=np.concatenate([mesh.seeds[:cells], *(s[None] for s in seeds), mesh.seeds[cells:]]),
        left=np.concatenate([shifted(mesh.left), *lefts]),
        right=np.concatenate([shifted(mesh.right), *rights]),
        start=np.concatenate([mesh.start, *starts]),
        end=np.concatenate([mesh.end, *ends]),
    )
    return Cells(
        mesh=whole,
        count=count,
        town=np.concatenate([town, town[hosts]]),
        rank=np.concatenate([rank, rank[hosts]]),
        host=np.concatenate([np.full(cells, -1), hosts]),
        frame_origin=np.concatenate([origin, *(o[None] for o in more_origin)]),
        frame_scale=np.concatenate([scale, np.array(more_scale)]),
        clearance=np.concatenate([clearance, np.array(more_clearance)]),
    )
