"""Consent records of ISO/IEC TS 27560 in JSON-LD, read and written with the terms of the DPV."""
