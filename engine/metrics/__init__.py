"""What the server counts and shows at `/metrics`, in the text format of Prometheus."""

from engine.metrics.families import Family, Sample
from engine.metrics.metrics import MEDIA_TYPE, Metrics

__all__ = ["MEDIA_TYPE", "Family", "Metrics", "Sample"]
