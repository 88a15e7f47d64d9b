"""The verifier as a service: `veristone serve` in a process of its own, asked over HTTP."""

import asyncio
import sys

import veristone
from veristone import AssertsCheck, Sample

TESTS = AssertsCheck(tests="assert double(2) == 4\nassert double(-1) == -2")
SAMPLES = [
    Sample(id="right", code="def double(x):\n    return 2 * x", check=TESTS),
    Sample(id="wrong", code="def double(x):\n    return x + 2", check=TESTS),
]


async def main() -> None:
    # The same client asks a service anywhere: veristone.Client("http://HOST:8080").
    async with veristone.local(*sys.argv[1:]) as client:
        async for verdict in client.verify_stream(SAMPLES):
            print(f"POST /v1/verify: {verdict.id}: {verdict.decision} ({verdict.reason})")


if __name__ == "__main__":
    asyncio.run(main())
