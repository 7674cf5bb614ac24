"""What rows carry that never reaches a file; every such name begins with `_`.

`_window` says which file a row is for, `_spare` which rows nothing else depends on, `_fault` how a firm's code was
wrong from birth; in filled feeds `_firm` which firm a row is about, `_day` when it came about, `_department` who
says so; `_planted` which column makes a row break a rule over several tables, and how it is called, as `column:kind`.
"""

WINDOW, SPARE, FAULT = "_window", "_spare", "_fault"
FIRM, DAY, DEPARTMENT = "_firm", "_day", "_department"
PLANTED = "_planted"
