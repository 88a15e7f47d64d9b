<?php
for ($i = 0; $i < 8; $i++) {
    if (!pcntl_fork()) {
        posix_setsid();
        while (1) sleep(60);
    }
}
echo "left\n";
