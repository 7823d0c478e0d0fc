"""Run ``placelens`` where reaching for the network ends the process: ``sandbox.py MODE ARGS...``.

On Linux the kernel sees to it (seccomp), for this process and all that it starts, native code
included: in mode ``closed`` no socket of the internet can be made; in mode ``serving`` one can
listen and answer, but neither connect nor send to an address, as asking a name server does. The
process dies by SIGSYS. Elsewhere Python's audit hook does the same for Python code only.
"""

import ctypes
import os
import platform
import struct
import sys

# Numbers of system calls, by machine.
SYSCALLS = {
    "x86_64": {"audit": 0xC000003E, "socket": 41, "connect": 42, "sendto": 44},
    "aarch64": {"audit": 0xC00000B7, "socket": 198, "connect": 203, "sendto": 206},
}
AF_INET, AF_INET6 = 2, 10
KILL, ALLOW = 0x80000000, 0x7FFF0000  # SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF: load a word, compare it, end
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where they are in struct seccomp_data
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def is_watertight() -> bool:
    """Whether native code is held to it too."""
    return sys.platform == "linux" and platform.machine() in SYSCALLS


def program(mode: str) -> list[tuple[int, int, int, int]]:
    """The filter: (code, jump if true, jump if false, value) of each instruction."""
    calls = SYSCALLS[platform.machine()]
    kill, allow = (RETURN, 0, 0, KILL), (RETURN, 0, 0, ALLOW)
    start = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, calls["audit"]), kill, (LOAD, 0, 0, NUMBER)]
    if mode == "closed":
        family = (LOAD, 0, 0, ARGUMENTS)
        return [
            *start, (EQUAL, 0, 4, calls["socket"]),
            family, (EQUAL, 1, 0, AF_INET), (EQUAL, 0, 1, AF_INET6), kill, allow,
        ]  # fmt: skip
    address = [(LOAD, 0, 0, ARGUMENTS + 8 * 4), (LOAD, 0, 0, ARGUMENTS + 8 * 4 + 4)]
    return [
        *start, (EQUAL, 0, 1, calls["connect"]), kill, (EQUAL, 0, 5, calls["sendto"]),
        address[0], (EQUAL, 0, 2, 0), address[1], (EQUAL, 1, 0, 0), kill, allow,
    ]  # fmt: skip


def close_network(mode: str) -> None:
    if not is_watertight():
        sys.addaudithook(refuse)
        return
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program(mode))
    filters = ctypes.create_string_buffer(code)
    table = struct.pack("HL", len(code) // 8, ctypes.addressof(filters))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(table), 0, 0),
    ):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), f"prctl{call[:2]}")


def refuse(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        sys.stderr.write(f"{event} {arguments}\n")
        os._exit(31)


if __name__ == "__main__":
    close_network(sys.argv[1])
    if sys.argv[2] == "-c":
        exec(sys.argv[3])
    else:
        from placelens.cli.main import run

        sys.argv[:2] = []
        sys.argv.insert(0, "placelens")
        run()
