"""What `make` calls: the tests in order, on Debian 13 too, and the demo."""
