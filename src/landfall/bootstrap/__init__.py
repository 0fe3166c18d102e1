"""The one room that knows concrete adapters, and makes of the settings what a process runs.

`join.py` makes the `parts.py` of a process, over a database and a chain that exist. What it needs
to know of one kind of part is beside it: `paths.py` (ways to the cluster), `pools.py` (the mirror
of their accounts), `wallet.py` (who signs), `api_access.py` (who may call). `processes.py` runs one
part alone until told to stop; `landfall.up` runs them all, beside its own database and chain.
"""
