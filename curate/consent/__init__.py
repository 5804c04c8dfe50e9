"""Consent: records in, and which obligations they cover."""
