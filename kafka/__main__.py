"""``python -m kafka``: what the package does from a shell."""

from kafka.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
