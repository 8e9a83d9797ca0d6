"""Zero-shot task-oriented dexterous grasp synthesis."""
