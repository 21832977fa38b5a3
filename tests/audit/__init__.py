"""The pinned packages against a list of published security holes, offline: `make audit`, `python -m tests.audit`."""
