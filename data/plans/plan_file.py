"""A plan as a file holds it, whatever its format, and the operation by which a draft takes it in."""

from collections.abc import Mapping
from dataclasses import dataclass

import shapely
from pydantic import ValidationError

from boundaries.adopting import as_adoption
from boundaries.blocks import Area, Buurt, PlanState
from boundaries.draft import Draft
from boundaries.operations import AdoptPlan
from geo.crs import LONLAT, transform_shapes

FORMAT_VERSION = 1
_READ_WITHIN_DEGREES = 1e-6
"""How far a shape in longitude and latitude may be from the exact one: programs write them with six decimals or more,
and a person who redraws a border moves it further than a decimetre."""


class PlanFileError(ValueError):
    """A file that is no plan of this municipality and release; the message says where in it and what to do."""


@dataclass(frozen=True, slots=True)
class FileBlock:
    """A block in a file."""

    buurt: str | None
    shape: Area | None
    """In the file's CRS, to the bit; None is the sector's own."""
    place: str
    """Where in the file it is: `line 7`."""
    drawn: shapely.Geometry | None = None
    """As the file shows it to other programs, in EPSG:4326; None where it shows the exact shape or none."""


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A whole plan."""

    municipality_code: str
    release: str
    """Name of the sectors that it is drawn on."""
    crs: str
    buurten: Mapping[str, Buurt]
    blocks: Mapping[str, FileBlock]

    @classmethod
    def of(cls, state: PlanState, sectors: Mapping[str, Area], release: str) -> "PlanFile":
        """Return a plan as a file holds it.

        Parameters
        ----------
        state
            The plan.
        sectors
            Its sectors as their release has them, by code.
        release
            Name of that release.
        """

        def own_shape(code: str) -> Area | None:
            block = state.blocks[code]
            is_sector = code == block.sector_code
            if is_sector and shapely.equals_identical(block.shape, sectors[code]):
                return None
            return block.shape

        return cls(
            state.municipality_code,
            release,
            state.crs,
            dict(sorted(state.buurten.items())),
            {code: FileBlock(state.buurt_of[code], own_shape(code), "") for code in sorted(state.blocks)},
        )

    def as_operation(self, draft: Draft, sectors: Mapping[str, Area], release: str, *, source: str) -> AdoptPlan:
        """Return the operation by which a draft becomes this plan.

        Parameters
        ----------
        draft
            Of the municipality, as it is now.
        sectors
            Its sectors as their release has them, by code.
        release
            Name of that release.
        source
            Name of the file, for the draft's log.

        Raises
        ------
        PlanFileError
            The file is of another municipality or release, has a block of another sector, or shows a block elsewhere
            than where it says.
        """
        if self.municipality_code != draft.municipality_code:
            raise PlanFileError(
                f"the file is a plan of {self.municipality_code}, and the draft of {draft.municipality_code}"
            )
        if (self.release, self.crs) != (release, draft.crs):
            raise PlanFileError(
                f"the file is drawn on the sectors {self.release} in {self.crs}, and the draft on {release} in "
                f"{draft.crs}: codes of another release can name other places. Import it as areas drawn elsewhere"
            )
        blocks = {}
        for code, block in self.blocks.items():
            sector = code.split("/")[0]
            if sector not in sectors:
                raise PlanFileError(f"{block.place}: {draft.municipality_code} has no sector {sector!r}")
            if block.shape is None and code != sector:
                raise PlanFileError(f"{block.place}: block {code} is a part of a sector, and its shape is missing")
            shape = sectors[sector] if block.shape is None else block.shape
            _refuse_redrawn(code, block, shape, draft.crs)
            blocks[code] = (shape, block.buurt)
        try:
            return as_adoption(draft, self.buurten, blocks, source)
        except ValidationError as error:
            raise PlanFileError(_told(error)) from error


def _refuse_redrawn(code: str, block: FileBlock, shape: Area, crs: str) -> None:
    if block.drawn is None:
        return
    told = transform_shapes(shape, crs, LONLAT)
    if shapely.equals_exact(block.drawn, told, tolerance=_READ_WITHIN_DEGREES):
        return
    if shapely.is_empty(block.drawn) or shapely.hausdorff_distance(block.drawn, told) > _READ_WITHIN_DEGREES:
        raise PlanFileError(
            f"{block.place}: block {code} is drawn elsewhere than its exact shape says, so the file was edited by "
            "another program. Import it as areas drawn elsewhere"
        )


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    place = "/".join(str(part) for part in first["loc"])
    return f"{place or 'the plan'}: {first['msg']}"
