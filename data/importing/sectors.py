"""Stages a sectors release: checks the tiling, writes GeoParquet and the sector index, fills the store's tables."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import insert
from sqlalchemy.orm import Session

from boundaries.plans import default_plan
from boundaries.tiling import (
    NOTABLE_AREA_M2,
    Gap,
    Overlap,
    Repair,
    UnrepairableShapeError,
    find_gaps,
    find_overlaps,
    notable,
    repair_shapes,
)
from data.importing.staged import Progress, StagedRelease
from data.outlines import insert_outlines, join_municipalities
from data.readers.areas import AreasRead
from data.store.models import Block, Buurt, Municipality, Plan, Release, Sector
from data.store.rows import insert_rows
from data.tables import LANGUAGES, Finding, Kind, SourceError
from data.tiles.layers import TOLERANCES_M
from data.tiles.shapes import ReleaseShapes, insert_release_shapes
from geo.crs import authority_code
from geo.sector_index import SectorIndex

SECTORS_FILE = "sectors.parquet"
INDEX_FILE = "sectors.index"
MOST_FINDINGS = 100
"""Faults of one sort that get a line of their own; the others are summed, so that a report stays readable."""


def stage_sectors(read: AreasRead, folder: Path, *, file: str, repair: bool, progress: Progress) -> StagedRelease:
    """Check a sectors table and write the files of its release.

    Parameters
    ----------
    read
        The table, in its official CRS.
    folder
        Empty folder to write to.
    file
        Name of the source file, for messages.
    repair
        Whether the operator asked for a reading of polygons that hold nothing as published.
    progress
        Told of the steps.

    Raises
    ------
    SourceError
        `hole-repeats-shell` (and `repair` is not set) or `empty-geometry`.
    """
    sectors = read.sectors.sort_values("sector_code", ignore_index=True)
    crs = authority_code(sectors.crs)
    if crs is None:
        raise SourceError("wrong-crs", "the layer's CRS has no authority code.", file=file)
    steps = 5 + len(TOLERANCES_M)
    progress("check shapes", 0, steps)
    shapes = sectors.geometry.to_numpy()
    findings = list(read.facts.findings)
    repairs = _repairs(shapes, sectors.sector_code, crs, file=file, repair=repair)
    findings += _capped([_repair_finding(found, sectors.sector_code) for found in repairs])
    for found in repairs:
        shapes[found.position] = found.repaired
    sectors = sectors.set_geometry(gpd.GeoSeries(shapes, crs=sectors.crs))
    progress("look for overlaps", 1, steps)
    findings += _overlap_findings(find_overlaps(shapes, crs), sectors.sector_code)
    progress("look for gaps", 2, steps)
    findings += _gap_findings(find_gaps(shapes, crs), sectors.sector_code)
    progress("write the layer", 3, steps)
    sectors.to_parquet(folder / SECTORS_FILE, index=False, compression="zstd", write_covering_bbox=True)
    progress("build the index", 4, steps)
    SectorIndex.build(sectors).save(folder / INDEX_FILE)
    drawn = ReleaseShapes.make(
        shapes,
        sectors.sector_code.tolist(),
        sectors.municipality_code.tolist(),
        crs,
        lambda done: progress("draw the map", 5 + done, steps),
    )
    outlines = join_municipalities(shapes, sectors.municipality_code.tolist())
    return StagedRelease(
        kind=Kind.SECTORS,
        country=read.facts.country,
        crs=crs,
        rows=len(sectors),
        reference_date=read.facts.reference_date,
        findings=tuple(findings),
        folder=folder,
        fill_store=lambda session, release: _fill_store(session, release, sectors, crs, drawn, outlines),
    )


def _repairs(shapes: np.ndarray, codes: pd.Series, crs: str, *, file: str, repair: bool) -> list[Repair]:
    try:
        repairs = repair_shapes(shapes, crs)
    except UnrepairableShapeError as error:
        raise SourceError("empty-geometry", f"{error}.", file=file, remedy="Remove or redraw that area.") from error
    literal = [found for found in repairs if found.hole_repeats_shell]
    if literal and not repair:
        first = literal[0]
        named = ", ".join(str(codes[found.position]) for found in literal[:5]) + (", …" if len(literal) > 5 else "")
        raise SourceError(
            "hole-repeats-shell",
            f"{len(literal)} of {len(shapes)} areas ({named}) have a hole that equals their shell, so that "
            f"their area is {first.area_before_m2:,.0f} m²; without that hole {codes[first.position]} would "
            f"measure {first.area_after_m2:,.0f} m².",
            file=file,
            remedy="Import with --repair to drop such holes, or ask the publisher for a corrected file.",
        )
    return repairs


def _repair_finding(found: Repair, codes: pd.Series) -> Finding:
    code = str(codes[found.position])
    what = "hole that equals its shell dropped" if found.hole_repeats_shell else f"repaired ({found.reason})"
    return Finding(
        code="hole-repeats-shell" if found.hole_repeats_shell else "invalid-geometry",
        message=f"{code}: {what}; {found.area_before_m2:,.0f} m² became {found.area_after_m2:,.0f} m².",
        area_code=code,
        area_m2=found.area_after_m2,
    )


def _overlap_findings(overlaps: list[Overlap], codes: pd.Series) -> list[Finding]:
    count = notable([overlap.area_m2 for overlap in overlaps])
    told = [
        Finding(
            code="overlap",
            message=f"{codes[found.left]} and {codes[found.right]} overlap by {found.area_m2:,.2f} m²; "
            f"the lower code owns it.",
            area_code=str(codes[found.left]),
            area_m2=found.area_m2,
        )
        for found in overlaps[:count]
    ]
    return _capped(told) + _rounding("overlap", [found.area_m2 for found in overlaps[count:]])


def _gap_findings(gaps: list[Gap], codes: pd.Series) -> list[Finding]:
    count = notable([gap.area_m2 for gap in gaps])
    told = [
        Finding(
            code="gap",
            message=f"a gap of {found.area_m2:,.2f} m² between {_some(codes[list(found.neighbours)])}; "
            f"an address in it has no sector.",
            area_code=str(codes[found.neighbours[0]]),
            area_m2=found.area_m2,
            severity="info",
        )
        for found in gaps[:count]
    ]
    return _capped(told) + _rounding("gap", [found.area_m2 for found in gaps[count:]])


def _some(codes: pd.Series) -> str:
    return ", ".join(codes[:4]) + (f" and {len(codes) - 4} more" if len(codes) > 4 else "")


def _rounding(what: str, areas_m2: list[float]) -> list[Finding]:
    """Sum the areas that come from the rounding of coordinates."""
    if not areas_m2:
        return []
    message = f"{len(areas_m2)} {what}s below {NOTABLE_AREA_M2} m² each, {sum(areas_m2):.6f} m² in all: rounding."
    return [
        Finding(f"rounding-{what}", message, severity="info", area_m2=sum(areas_m2), count=len(areas_m2)),
    ]


def _capped(findings: list[Finding]) -> list[Finding]:
    """Keep the first findings of a sort, and one line for all the others."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    rest = findings[MOST_FINDINGS:]
    total_m2 = sum(found.area_m2 or 0 for found in rest)
    more = Finding(
        code=rest[0].code,
        message=f"{len(rest)} more like these, {total_m2:,.2f} m² in all.",
        severity=rest[0].severity,
        area_m2=total_m2,
        count=len(rest),
    )
    return [*findings[:MOST_FINDINGS], more]


def _fill_store(
    session: Session,
    release: Release,
    sectors: gpd.GeoDataFrame,
    crs: str,
    drawn: ReleaseShapes,
    outlines: Mapping[str, shapely.Geometry],
) -> None:
    names = [f"municipality_{language}" for language in LANGUAGES]
    municipalities = (
        sectors.groupby("municipality_code")[names].first().rename(columns=lambda column: column[-2:]).astype(object)
    )
    municipalities = municipalities.where(municipalities.notna(), None)
    session.execute(
        insert(Municipality),
        [
            {"release_id": release.id, "code": code} | {f"name_{language}": row[language] for language in LANGUAGES}
            for code, row in municipalities.iterrows()
        ],
    )
    shapes = shapely.set_srid(sectors.geometry.to_numpy(), int(crs.removeprefix("EPSG:")))
    plain = pd.DataFrame(sectors.drop(columns="geometry")).astype(object)
    plain = plain.where(plain.notna(), None)
    rows = [
        {
            "release_id": release.id,
            "code": row.sector_code,
            "name_nl": row.name_nl,
            "name_fr": row.name_fr,
            "name_de": row.name_de,
            "municipality_code": row.municipality_code,
            "geometry": shape,
        }
        for row, shape in zip(plain.itertuples(index=False), shapes, strict=True)
    ]
    insert_rows(session, Sector, rows)
    whole = {
        str(code): _publish_default_plan(session, release, str(code), municipalities.loc[code].to_dict(), list(codes))
        for code, codes in plain.groupby("municipality_code").sector_code
    }
    insert_release_shapes(session, release.id, drawn, whole)
    insert_outlines(session, release, None, outlines)
    for code, (plan_id, buurt) in whole.items():
        insert_outlines(session, release, plan_id, {buurt: outlines[code]})


def _publish_default_plan(
    session: Session, release: Release, code: str, names: dict[str, str | None], sector_codes: list[str]
) -> tuple[int, str]:
    """Publish the plan of one buurt; return the plan's number and the buurt's code."""
    plan = Plan(
        release_id=release.id,
        municipality_code=code,
        version=1,
        published_at=release.imported_at,
        valid_from=release.reference_date,
    )
    session.add(plan)
    session.flush()
    [buurt] = default_plan(code, names, sector_codes)
    session.execute(
        insert(Buurt),
        {"plan_id": plan.id, "code": buurt.code}
        | {f"name_{language}": buurt.names[language] for language in LANGUAGES},
    )
    session.execute(
        insert(Block),
        [
            {"plan_id": plan.id, "code": sector, "sector_code": sector, "buurt_code": buurt.code}
            for sector in buurt.sector_codes
        ],
    )
    return plan.id, buurt.code
