"""The audit: rules, findings and verdicts. Pure: no clock, file or network."""
