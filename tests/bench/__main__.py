"""Run every bench in one go and print its tables: `make bench`."""

from bench import bench_editor, bench_executor, bench_sampling, bench_server


def main() -> None:
    """Print all tables; each compares against its floor or peer, interleaved, in CPU time."""
    bench_executor.main()
    bench_sampling.main()
    bench_server.main()
    bench_editor.main()


if __name__ == "__main__":
    main()
