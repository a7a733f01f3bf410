"""How static files are served: compressed, named by their content, so that a browser may keep them."""

from __future__ import annotations

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_, IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Imports between the exam's scripts name their content too: an old module never meets a new one.

    Django can do so for all scripts or none; scripts of other packages refer to files they do not ship.
    """

    patterns = (*HashedFilesMixin.patterns, ("delivery/*.js", IMPORTS))
