"""The offline planner: reads the task's words and chooses parts by their affordances."""
