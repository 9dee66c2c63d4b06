"""The server under the application: HTTP/1.1 within bounds, and an end that keeps its promises."""
