"""`python -m spark_jobs.standards FOLDER` writes every contract as an ODCS document."""

import sys
from pathlib import Path

from spark_jobs.standards.odcs import write_all

if __name__ == "__main__":
    print(f"{write_all(Path(sys.argv[1]))} contracts")
