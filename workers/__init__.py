"""Recurring and long-running work. Importing this package registers it."""
