"""Build what students receive from the source notebooks, and refuse sources with faults or leaks."""
