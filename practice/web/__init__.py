"""The trainer's desk: a page on this machine for listening to takes and judging them."""
