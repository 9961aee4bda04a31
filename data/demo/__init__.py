"""The demo region: an invented part of Belgium, written in the formats of the official files.

`write_demo` makes it; everything in it is synthetic and says so.
"""

from data.demo.municipalities import BELGIUM, DemoSize
from data.demo.region import REFERENCE_DAY, DemoFiles, write_demo
from data.demo.showcase import ShowcaseAddress

__all__ = ["BELGIUM", "REFERENCE_DAY", "DemoFiles", "DemoSize", "ShowcaseAddress", "write_demo"]
