"""The road from a task, an object and a hand to ranked grasps, one module per stage.

In the order of the road: `plan_targets` turns a plan into arrays, `contact_patterns` chooses the
links that are to touch, `seeds` draws starting grasps, `refine` descends, `fit` moves them onto
the collision geometry, `squeeze` adds pregrasp and squeeze, `quality` and `alignment` measure,
`selection` tests and picks, `review` shows the best to the planner's model. `pipeline` prepares
and runs the stages, `synthesize` walks the whole road.
"""
