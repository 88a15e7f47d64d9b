"""Judging test code in two processes: the tests in one, the solution in the other.

`driver` runs the tests and `judge` asks for them; `candidate` holds the solution and answers. Both
are `peer.Peer`s: one asks the other for calls and attributes over a socket, of which `wire` makes
messages. What can be copied crosses as a copy (`values`), everything else as a reference, which
becomes a proxy on the other side (`proxies`; functions of the tests become `stubs`). `settings`
takes along what the tests have patched.

The driver believes nothing that the candidate says. It builds exact built-in values and nothing
else, never resolves a name that the candidate chose but for a few types and exceptions, and lets
the candidate do with an object of the tests what a solution needs: call it, read and set its public
attributes.
"""
