"""Programs that run inside sandboxes: standard library only, Python 3.10 and newer.

They are sent as files and are never imported by the steps. The names of those that a seed could
import by accident begin with `veristone_`.
"""
