"""The templates of the planner's stages, as text files."""
