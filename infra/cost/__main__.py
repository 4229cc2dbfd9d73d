"""`make cost`: print the tables of docs/cost.md from the inputs in this folder."""

import sys

from infra.cost.inputs import measured
from infra.cost.tables import all_tables, unverified


def main() -> None:
    sys.stdout.write(f"{all_tables()}\n\n")
    sys.stdout.write(f"Measured on {measured().date}. Inputs: infra/cost/*.yaml.\n")
    sys.stdout.write(f"Prices without a source: {', '.join(unverified())}.\n")


if __name__ == "__main__":
    main()
