"""The road from a task, an object and a hand to ranked grasps, one module per stage.

In the order of the road: `plan_targets` turns a plan into arrays, `contact_patterns` chooses the
links that are to touch, `antipodal` pairs places of the object, `seeds` draws starting grasps,
`refine` descends, `fit` moves them onto the collision geometry, `squeeze` adds pregrasp and squeeze
(`statics` sizes it), `quality` and `alignment` measure, `selection` tests and picks, `review` shows
the best to a planner that sees. `pipeline` prepares and runs the stages, a `grasp_batch` is what
they make, `synthesize` walks the whole road.
"""
