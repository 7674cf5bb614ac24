"""A seed flows in; the landing files of a synthetic province, and the truth about every dirty cell, flow out.

places → firms → acts (checks, penalties) and complaints make the world; deliveries says which file carries which rows;
mess writes them as departments write them, dirt spoils a known share, files puts them on disk.
"""

from simulate.answers import write_answers
from simulate.run import SimulationReport, simulate

__all__ = ["SimulationReport", "simulate", "write_answers"]
