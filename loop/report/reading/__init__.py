"""Readers of what a run of `veristone align` leaves in its folder.

Nothing here fails for a file that is absent, half a run or damaged: what is absent gives nothing,
what is damaged is noted as trouble, and the report says so.
"""
