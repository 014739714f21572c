"""Files and folders: read only where they are regular, changed only here, and on the disk afterwards.

No other module writes, renames or deletes. A watcher is told of each change before it is made.
"""
