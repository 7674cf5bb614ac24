"""What Airflow's web server reads: a plug-in (chinese.py) and its local settings."""
