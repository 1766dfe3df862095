"""Results turned into things people hold: workbooks, notices, calendars, one page; and read back again."""
