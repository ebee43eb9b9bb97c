"""What tests at a terminal wait for. Nothing of it is asserted: tests/screens has the wording."""

SPEAK = "Enter or Space|回车或空格"
"""The keys that begin a take are offered."""

RECORDING = "speak now|请说话"
HEARD = "listening|正在听"
AGAIN = "R: again|R：重说"
PASSED = "PASSED"
NOT_PASSED = "FAILED"
BROKEN_OFF = "D: |D："
"""The keys are offered that judge, delete or keep a take that was broken off."""

ASKED = r": \Z"
"""A question is asked, and the answer is to be typed."""
REPLACE = "R: replace"
MISSING = "Missed: "

PLAYING = "Press any key to stop"
LISTEN = "L: listen"
KEEP = "Enter: keep"
"""What was recorded as a voice may be kept."""
