"""What frameworks' own functions return, made by panfuse; one module each, imported when used."""

from __future__ import annotations

import panfuse.integrations.detectron2 as detectron2
import panfuse.integrations.transformers as transformers

__all__ = ["detectron2", "transformers"]
