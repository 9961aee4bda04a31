"""Sets a typst template as a tagged PDF, the same bytes on every machine."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typst


def set_pdf(template: bytes, data: Mapping[str, Any], moment: datetime) -> bytes:
    """Return the PDF of a template and what it shows.

    It is PDF/UA-1 (ISO 14289-1). Only the fonts within the typst package are used, so that every machine sets the same
    pages.

    Parameters
    ----------
    template
        Source in typst; it reads `data` from `sys.inputs`.
    data
        What JSON can hold.
    moment
        The document's date.
    """
    pdf = typst.compile(
        template,
        format="pdf",
        font_paths=[],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, sort_keys=True)},
        pdf_standards=["ua-1"],
        timestamp=moment,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave pages instead of a document")
    return pdf
