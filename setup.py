"""Builds the wheel with a stub that names every reference implementation, so that editors know them and their signatures."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))


class WithStub(build_py):
    def run(self) -> None:
        from reference_impls import stub

        super().run()
        if not self.editable_mode:
            Path(self.build_lib, "reference_impls", "__init__.pyi").write_text(stub(), encoding="utf-8")


setup(cmdclass={"build_py": WithStub})
