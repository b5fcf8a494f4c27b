#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""read_link.py LINK PEER OFFSET FORMAT [COUNT]: prints a value of a peer's block each time that somebody rings, and where
nobody does, as the turbine where there is no alarm, each second.

LINK is a name below /dev/cellmgr, or a directory of files in place of a device (linux_link.h); PEER a number, or
"common"; FORMAT one of Python's struct, "<d" for an f64. Without COUNT it goes on for ever. How a program reads
shared memory without the library: the maps by their names, the block by its sequence."""
import mmap, os, pathlib, select, struct, sys, time

HEADER = struct.Struct("<IIQQQQ24x")  # struct link_header
MAGIC, VERSION, TRIES = 0x4B4E4C43, 1, 64
MAX_PEERS, INT_CONTROL, STATE = 0x04, 0x08, 0x10  # registers (ivshmem.h)
READY, SECOND = 2, 1.0  # state of a peer; many cells ring nobody else

class Link:
    def __init__(self, name):
        path = pathlib.Path("/dev/cellmgr") / name  # a whole path stays as it is
        if path.is_dir():
            self.events = os.open(path / "vector0", os.O_RDWR | os.O_NONBLOCK)
            self.maps = {file.name: self._map_file(file) for file in path.iterdir() if not file.name.startswith("vector")}
        else:
            self.events = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            device = os.stat(self.events).st_rdev
            maps = pathlib.Path(f"/sys/dev/char/{os.major(device)}:{os.minor(device)}/maps")
            self.maps = {(entry / "name").read_text().strip(): self._map_uio(entry) for entry in maps.iterdir()}
        self.peers, = struct.unpack_from("<I", self.maps["registers"], MAX_PEERS)
        for register, value in (INT_CONTROL, 1), (STATE, READY):
            self.maps["registers"][register:register + 4] = struct.pack("<I", value)

    @staticmethod
    def _rights(name):
        return mmap.PROT_READ if name in ("state-table", "outputs") else mmap.PROT_READ | mmap.PROT_WRITE

    def _map_file(self, file):
        with open(file, "rb" if self._rights(file.name) == mmap.PROT_READ else "r+b") as opened:
            return mmap.mmap(opened.fileno(), 0, prot=self._rights(file.name))

    def _map_uio(self, entry):
        number, name = int(entry.name.removeprefix("map")), (entry / "name").read_text().strip()
        size = int((entry / "size").read_text(), 0)
        return mmap.mmap(self.events, size, prot=self._rights(name), offset=number * mmap.PAGESIZE)

    def section(self, peer):
        if peer == "common":
            return memoryview(self.maps["common"])
        size, number = len(self.maps["outputs"]) // self.peers, int(peer)
        if not 0 <= number < self.peers:
            raise ValueError(f"peer {peer}: there are {self.peers}")
        return memoryview(self.maps["outputs"])[number * size:(number + 1) * size]

    def wait(self, seconds):
        """Whether somebody rang since the last time; one that came before is not missed."""
        if not select.select([self.events], [], [], seconds)[0]:
            return False
        return len(os.read(self.events, 4)) == 4

def read_value(section, offset, fmt):
    """The value, all of one update; None where there is none."""
    value = struct.Struct(fmt)
    for _ in range(TRIES):
        magic, version, before, size, updated, khz = HEADER.unpack_from(section)
        data = bytes(section[HEADER.size + offset:HEADER.size + offset + value.size])
        if before % 2 or HEADER.unpack_from(section)[2] != before:
            time.sleep(0)
            continue
        if (magic, version) != (MAGIC, VERSION) or not updated or offset + value.size > size:
            return None
        return value.unpack(data)[0]
    return None  # its writer stopped in the middle

def main(name, peer, offset, fmt, count="0"):
    link = Link(name)
    section, left = link.section(peer), int(count) or -1
    while left:
        link.wait(SECOND)
        print(read_value(section, int(offset), fmt), flush=True)
        left -= 1

if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
