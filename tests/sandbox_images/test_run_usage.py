"""What a run is said to have used."""

from types import SimpleNamespace
from typing import Any, cast

from veristone.sandbox_images.warden.usage import Usage, Watched


def test_no_more_cpu_time_than_the_machine_has_had() -> None:
    """As gVisor tells it of the processes of a fork bomb."""
    watched: Any = SimpleNamespace(group_s=lambda: None, group_kib=lambda: None)
    usage = Usage(cast(Watched, watched), 0)
    usage.reap(SimpleNamespace(ru_utime=300.0, ru_stime=70.0, ru_maxrss=1))
    assert 0 <= usage.cpu_s < 60
