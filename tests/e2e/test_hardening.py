"""What the compiler and the linker were asked to put into the binary is there. Its process: test_process.py."""

import glob
import os
import platform
import re
import subprocess
import unittest

from harness import BINARY


def readelf(*options, path=BINARY):
    return subprocess.run(["readelf", "--wide", *options, path], capture_output=True, check=True, text=True).stdout


def disassembled(function):
    return subprocess.run(["objdump", "-d", "--disassemble=" + function, BINARY], capture_output=True, check=True,
                          text=True).stdout


class TheBinary(unittest.TestCase):
    def test_is_loaded_anywhere(self):
        self.assertRegex(readelf("--file-header"), r"Type:\s+DYN")
        self.assertIn("PIE", readelf("--dynamic"))

    def test_has_no_table_of_addresses_to_write_to(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertIn("BIND_NOW", readelf("--dynamic"))

    def test_runs_nothing_from_memory_that_can_be_written(self):
        headers = readelf("--program-headers")
        self.assertRegex(headers, r"GNU_STACK.*\sRW\s")
        for line in headers.splitlines():
            if line.strip().startswith("LOAD"):
                self.assertNotRegex(line, r"\sRWE\s")

    def test_checks_its_stack_and_its_copies(self):
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__(memcpy|memmove|snprintf|read|recv|vsnprintf)_chk")

    def test_searches_no_folder_of_the_build_for_libraries(self):
        self.assertNotRegex(readelf("--dynamic"), r"R(UN)?PATH")

    @unittest.skipUnless(platform.machine() == "x86_64", "of x86-64 only")
    def test_marks_where_it_may_be_jumped_to(self):
        first = next(line for line in disassembled("main").splitlines() if re.match(r"\s+[0-9a-f]+:", line))
        self.assertIn("endbr64", first)

    @unittest.skipUnless(platform.machine() == "x86_64", "of x86-64 only")
    def test_asks_for_a_shadow_stack(self):
        self.assertRegex(readelf("--notes"), r"x86 feature:.*\bSHSTK\b")

    @unittest.skipUnless(platform.machine() == "x86_64", "of x86-64 only")
    def test_no_object_of_the_build_takes_the_marks_away(self):
        """The start files of the C library may, which are not ours; the linker tells who does."""
        pack = glob.glob(os.path.join(os.path.dirname(BINARY), "CMakeFiles/redactd_config.dir/builtin_pack/*.S.o"))
        if not pack:
            self.skipTest("the objects of the build are not here")
        self.assertRegex(readelf("--notes", path=pack[0]), r"x86 feature:.*\bIBT, SHSTK\b")


if __name__ == "__main__":
    unittest.main()
