"""The program of a worker process: ``python -m weft.workers STARTUP``."""

from weft.garbage import begin_loading


def main() -> None:
    """Be a worker until the server says that it is enough, or is gone."""
    begin_loading()
    # Only now, since what a worker is made of takes half of its start to import.
    from weft.workers.child import run_worker

    run_worker()


if __name__ == "__main__":
    main()
