"""The limit of open files of this process, sockets included. Imports no Django: the web process starts with it."""

import resource


def raise_open_files(files: int) -> int:
    """Raise this process's limit to `files`, or as far as the system allows; return how many may be open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        files = min(files, hard)
    if soft == resource.RLIM_INFINITY or soft >= files:
        return files
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files
