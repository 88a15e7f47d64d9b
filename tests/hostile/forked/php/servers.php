<?php
$skip = getmypid(); // itself
foreach (glob('/proc/[0-9]*/cmdline') as $file) {
    $line = file_get_contents($file);
    $server = str_contains($line, 'fork_server') && !str_contains($line, 'warden');
    if ($server && $file != "/proc/$skip/cmdline") {
        echo "server\n";
    }
}
