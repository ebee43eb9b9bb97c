"""The trainer's desk: local web pages for hearing and reviewing attempts."""
