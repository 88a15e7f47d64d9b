"""What a warden compares behind each sample, here with sockets of this process."""

import socket
from typing import Any

import pytest

from veristone.sandbox_images.warden import residue
from veristone.sandbox_images.warden.residue import Residue
from veristone.sandbox_images.warden.wipe import NotClean


class Place:
    """Stands for the places that a sample can write to: nothing is in them."""

    def space(self) -> tuple[int, ...]:
        return (0,)


def test_sockets_that_stay_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residue, "_PATIENCE_S", 0.05)
    wiper: Any = Place()
    whole = Residue(wiper)
    ends = [end for _ in range(50) for end in socket.socketpair()]
    try:
        with pytest.raises(NotClean, match="sockets"):
            whole.check()
    finally:
        for end in ends:
            end.close()


def test_where_the_kernel_shows_everybodys_they_are_not_looked_at() -> None:
    wiper: Any = Place()
    compared = Residue(wiper, sockets=False)
    assert compared._open_sockets() == ()
    with socket.socket(socket.AF_UNIX):
        assert compared._look().sockets == compared._clean.sockets
