"""The hands that the library ships, as MJCF with primitive collision geometry."""
