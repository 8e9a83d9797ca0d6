"""Hold protocols for many grasps side by side, whichever program takes the steps."""
