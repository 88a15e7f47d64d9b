"""Ask a service of ours, `veristone serve`, from any program.

    async with Client("http://10.0.0.1:8080", "http://10.0.0.2:8080", token=TOKEN) as client:
        verdict = await client.verify(sample)

    with SyncClient("http://127.0.0.1:8080") as client:
        verdicts = client.verify_many(samples)

    with SyncClient("http://127.0.0.1:8080") as client, client.session() as session:
        session.run("x = 1")
        print(session.run("x + 1").result)

    async with local() as client:  # a service of one's own, in a child process
        verdict = await client.verify(sample)

Needs the extra `client`.
"""

from veristone.client.client import Client
from veristone.client.local import local
from veristone.client.sync import SyncClient

__all__ = ["Client", "SyncClient", "local"]
