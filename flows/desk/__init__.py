"""The desk: a small web application for officers on the intranet; pages from the server, no script."""
