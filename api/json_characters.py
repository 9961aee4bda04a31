r"""Finds what no store keeps in a JSON text: U+0000, halves of surrogate pairs, and any encoding but UTF-8.

PostgreSQL keeps no U+0000, and neither store a half of a pair. JSON can write both, as escapes; Python's reader takes
them, and UTF-16 and raw surrogates besides, which RFC 8259 (section 8.1) does not allow between systems.
"""

import re
from enum import Enum


class TextFault(Enum):
    """What is wrong with the characters of a JSON text."""

    NUL = "a text of the request holds U+0000"
    UNPAIRED = "a text of the request holds one half of a surrogate pair"
    ENCODING = "the JSON is not in UTF-8"


_ESCAPE = rb"(?<!\\)((?:\\\\)*)\\u"
"""An escape of a code: a backslash that is not escaped itself, and `u`."""
_NUL = re.compile(_ESCAPE + rb"0000")
_PAIR = re.compile(_ESCAPE + rb"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(_ESCAPE + rb"[dD][89a-fA-F][0-9a-fA-F]{2}")
_RAW_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")
"""The first two bytes of a surrogate as UTF-8 would write it; no character begins so."""


def find_text_fault(text: bytes) -> TextFault | None:
    r"""Return what no store keeps of a JSON text, if anything.

    Examples
    --------
    >>> find_text_fault(rb'{"a": "b\u0000"}'), find_text_fault(rb'{"a": "\\u0000"}'), find_text_fault(rb'["\\\u0000"]')
    (<TextFault.NUL: ...>, None, <TextFault.NUL: ...>)
    >>> find_text_fault(rb'["\ud83d\ude00"]'), find_text_fault(rb'["\ud83d\\ude00"]'), find_text_fault(rb'["\ude00"]')
    (None, <TextFault.UNPAIRED: ...>, <TextFault.UNPAIRED: ...>)
    >>> find_text_fault('["a"]'.encode("utf-16-le")), find_text_fault(b'["\xed\xa0\x80"]')
    (<TextFault.ENCODING: ...>, <TextFault.ENCODING: ...>)
    """
    # Brackets and quotes of UTF-16 and UTF-32 have zero bytes; in UTF-8 no JSON text has one.
    if b"\0" in text or (b"\xed" in text and _RAW_SURROGATE.search(text)):
        return TextFault.ENCODING
    if rb"\u0000" in text and _NUL.search(text):
        return TextFault.NUL
    if (rb"\ud" in text or rb"\uD" in text) and _SURROGATE.search(_PAIR.sub(rb"\1 ", text)):
        return TextFault.UNPAIRED
    return None
