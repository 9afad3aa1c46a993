"""Measures smtpconn beside other libraries: see README.md."""
