"""The web UI, on the same service layer as the API."""
