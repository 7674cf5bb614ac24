"""What SQL says badly: landing, conforming, scoring, publishing, and the command."""

import gc

# Importing PySpark and dbt makes some millions of objects, none of which is garbage; Python looks through them for it
# after every 700, which takes a sixth of their start. What outlives that is looked through again 100 times as seldom.
gc.set_threshold(50_000, 100)
