"""Local services on loopback for trying, developing and demonstrating: up, down, doctor."""

from spark_jobs.services.doctor import Finding, doctor
from spark_jobs.services.process import ServiceFailed
from spark_jobs.services.stack import SERVICES, addresses, down, up, wake

__all__ = ["SERVICES", "Finding", "ServiceFailed", "addresses", "doctor", "down", "up", "wake"]
