"""Every table of the store, whichever module declares it."""

from data.store import access_models as _access_models  # noqa: F401 -- its tables join Base's
from data.store import household_models as _household_models  # noqa: F401
from data.store import licence_models as _licence_models  # noqa: F401
from data.store import outline_models as _outline_models  # noqa: F401
from data.store import tile_models as _tile_models  # noqa: F401
from data.store.models import Base

METADATA = Base.metadata
