"""Isolation: nobody learns anything of rows that are not theirs to see, whatever the definitions and whatever the route."""
