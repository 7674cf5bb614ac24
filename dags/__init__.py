"""When things happen: DAGs over Assets, which call spark_jobs and hold no logic of their own."""
