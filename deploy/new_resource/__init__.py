"""Lays out a resource in every layer of a service: `make new-resource` (docs/tutorial/add-a-resource.md).

`names` reads the command's arguments and derives all names. `refusals` looks for what stands in the way. `code`,
`rules` and `tests` are the templates of new files. `wiring` and `proofs` say what changes in existing ones, with the
tools of `edits`. `layout` puts them together: all texts are made before the first is written.
"""
