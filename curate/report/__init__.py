"""What people read: the audit page, the datasheet, and the charts in them."""
