"""What the warden reads of a control group's memory, in both versions of the kernel's files."""

from pathlib import Path

import pytest

from veristone.sandbox_images.warden import kernel

MIB = 1 << 20
V1 = "cache {}\nrss 9999\nshmem {}\nmapped_file 3\n"
V2 = "anon 9999\nfile {}\nkernel 77\nshmem {}\nslab_reclaimable {}\n"


@pytest.mark.parametrize(
    ("text", "word", "reclaimable"),
    [
        (V1.format(300 * MIB, 100 * MIB), b"cache", 200),
        (V2.format(300 * MIB, 100 * MIB, 5 * MIB), b"file", 205),
        (V2.format(0, 0, 0), b"file", 0),
    ],
)
def test_files_that_live_in_memory_are_not_reclaimable(
    text: str, word: bytes, reclaimable: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, stat = tmp_path / "used", tmp_path / "stat"
    used.write_text(f"{777 * MIB}\n")
    stat.write_text(text)
    files = (("/nowhere/used", "/nowhere/stat", b"?"), (str(used), str(stat), word))
    monkeypatch.setattr(kernel.GroupMemory, "_FILES", files)
    memory = kernel.GroupMemory.of_this_sandbox()
    assert memory is not None
    assert memory.used_kib() == 777 * 1024
    assert memory.reclaimable_kib() == reclaimable * 1024


def test_a_group_that_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        kernel.GroupMemory, "_FILES", (("/nowhere/used", "/nowhere/stat", b"file"),)
    )
    assert kernel.GroupMemory.of_this_sandbox() is None
