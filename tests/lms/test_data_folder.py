"""What a stack remembers of itself."""

from pathlib import Path

import pytest

from lms.data_folder import DataFolder


def test_no_port_is_promised_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = iter([7001, 7001, 7002, 7002, 7001, 7003])
    monkeypatch.setattr("lms.data_folder.free_port", lambda: next(offered))
    folder = DataFolder(tmp_path / "data")
    assert folder.ports("quack", "analytics") == {"quack": 7001, "analytics": 7002}
    assert folder.ports("gateway") == {"gateway": 7003}
    assert folder.ports("analytics") == {"analytics": 7002}
