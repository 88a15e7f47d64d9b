<?php // expect: signalled
posix_kill(getmypid(), 6);
sleep(5);
